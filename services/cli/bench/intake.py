"""`bench intake`: declarations in XML, taken by the customs door while all services run; the load on the same cores.

Each is a CC515C of three items under a number of its own: read, judged by its formats, logged with its exact bytes and
answered once that is durable.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from typing import Any

from services.cli.bench.http_jobs import at_rate, result, taken
from services.cli.bench.http_load import Client
from services.cli.bench.place import fresh, now
from services.runtime.settings import RuntimeSettings
from services.simulator import load, xml_aes
from services.simulator.declarations import Declaration, Document, Format, Item
from services.simulator.goods import ORDINARY
from services.simulator.mrn import export_mrn
from services.simulator.parties import BUYERS, FORWARDERS, TRADERS

SENDERS = 64
"""Connections which each wait for the answer before they send the next message; at a fixed rate as many as it takes."""
OTHERS = ("licensing", "reconciliation", "alerting")
WARM = 200
"""Messages before the measured ones."""
_LRN = "LRN-OF-BENCH"
_ITEMS = 3


def writer() -> Callable[[int], bytes]:
    """Gives the declaration of a number: all the same but for LRN and identification, which costs next to nothing."""
    licence = Document("X060", load.reference(1), line=1, quantity=Decimal("1.5"), unit="NAR")
    items = tuple(
        Item(
            number=number,
            description=goods.description,
            commodity_code=goods.commodity_code,
            net_mass_kg=Decimal("600.500"),
            statistical_value=Decimal("80000.00"),
            documents=(licence, Document("N380", f"INV-{number}"), Document("Y901", "not listed")),
        )
        for number, goods in enumerate(ORDINARY[:_ITEMS], start=1)
    )
    declaration = Declaration(
        mrn=export_mrn(0),
        lrn=_LRN,
        format=Format.AES,
        accepted_at=datetime(2026, 3, 2, 8, 15, tzinfo=UTC),
        exporter=TRADERS[0],
        declarant=FORWARDERS[0],
        consignee=BUYERS[0],
        destination=BUYERS[0].country,
        items=items,
    )
    lodged, _ = xml_aes.lodge(declaration)
    parts = lodged.body.split(_LRN.encode())
    return lambda number: (b"B%010d" % number).join(parts)


async def intake(settings: RuntimeSettings, *, seconds: float, workers: int, rate: float) -> dict[str, Any]:
    """As many a second as `workers` processes of the door take, or `rate` of them; then a wait counts from when due."""
    doors = [("run", "customs")] * workers
    async with fresh(settings) as place, place.running(*doors, *(("run", name) for name in OTHERS)) as (measured, urls):
        clients = [Client(url) for url in urls[:workers]]
        write, numbers, waits = writer(), count(), list[float]()

        async def one(due: float) -> None:
            number = next(numbers)
            await taken(clients[number % workers], write(number), "application/xml")
            waits.append(now() - due)

        await asyncio.gather(*(one(now()) for _ in range(WARM)))
        waits.clear()
        before, begun = measured.usage(), now()
        await (at_rate(lambda _, due: one(due), rate, seconds) if rate else _in_turn(one, seconds))
        figures = result(waits, measured, before.cpu_s, now() - begun)
        for client in clients:
            client.close()
        return figures | {"offered_per_s": rate, "message_bytes": len(write(0))}


async def _in_turn(one: Callable[[float], Any], seconds: float) -> None:
    until = now() + seconds

    async def sender() -> None:
        while (begun := now()) < until:
            await one(begun)

    await asyncio.gather(*(sender() for _ in range(SENDERS)))
