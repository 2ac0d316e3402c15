"""Seeded load in bulk: licences, demands and facts as messages, without a story."""

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from services.core.messages import (
    Basis,
    DeclarationAccepted,
    Demand,
    Document,
    Draw,
    GoodsReleased,
    Item,
    Licence,
    LicenceLine,
    LicenceStatus,
    LicenceType,
    Party,
    Phase,
    Requirements,
    Source,
    StatusChange,
)
from services.core.values import CommodityCode, CountryCode, Currency, LicenceRef, Unit
from services.simulator.mrn import belgian_eori, export_mrn

BEGIN = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
INDIA = CountryCode("IN")
PRESS = CommodityCode("84798300")
BUYER = Party(name="Deccan Isostatics Ltd", country=INDIA)
PIECES, EURO = Unit("NAR"), Currency("EUR")
CITING = 0.3
"""Share of declarations that cite a licence: far more than in practice, so that the ledger has work too."""


def licence(number: int) -> Licence:
    """A licence of one line, generous enough that most draws fit and some do not."""
    line = LicenceLine(
        line=1,
        description="isostatic press",
        control_code="2B204",
        commodity_codes=(CommodityCode("847983"),),
        basis=Basis.QUANTITY,
        quantity=Decimal(40),
        unit=PIECES,
    )
    return Licence(
        ref=reference(number),
        revision=1,
        type=LicenceType.INDIVIDUAL,
        authority="BE-VLG",
        holder=holder(number),
        consignees=(BUYER,),
        destinations=(INDIA,),
        procedures=("10",),
        valid_from=date(2026, 1, 1),
        valid_to=date(2027, 12, 31),
        time_zone="Europe/Brussels",
        requires=Requirements(federal_authorisation=False, end_use_certificate=False, state_guarantee=False),
        lines=(line,),
        statuses=(StatusChange(status=LicenceStatus.ISSUED, effective_at=datetime(2026, 1, 1, tzinfo=UTC)),),
        changed_at=BEGIN,
    )


def reference(number: int) -> LicenceRef:
    return LicenceRef(f"LOAD/{number:07d}")


def holder(number: int) -> Party:
    return Party(name=f"Exporter {number % 1000}", eori=belgian_eori(number % 1000))


def source(serial: int, kind: str) -> Source:
    return Source(
        message_id=f"{serial:032x}", party="load", kind=kind, sha256=f"{serial:064x}", received_at=_moment(serial)
    )


def demands(seed: int, count: int, licences: int) -> Iterator[Demand]:
    """Acceptances and, for half of the shipments, the release later on; draws of one to three pieces."""
    chance = random.Random(seed)  # noqa: S311 - the same load from the same seed
    open_: list[Demand] = []
    for serial in range(count):
        if open_ and chance.random() < 1 / 3:
            yield _released(open_.pop(chance.randrange(len(open_))), serial)
            continue
        number = chance.randrange(licences)
        draw = Draw(
            item=1,
            line=1,
            document_types=("X060",),
            commodity_code=PRESS,
            description="isostatic press",
            procedure="10",
            consignee=BUYER,
            destination=INDIA,
            quantity=Decimal(chance.randint(1, 3)),
            units=(PIECES,),
        )
        demand = Demand(
            mrn=export_mrn(serial),
            licence=reference(number),
            revision=1,
            version=1,
            phase=Phase.ACCEPTED,
            final_exit=False,
            accepted_at=_moment(serial),
            occurred_at=_moment(serial),
            exporter=holder(number),
            draws=(draw,),
            sources=(source(serial, "declaration"),),
        )
        open_.append(demand)
        yield demand


def _released(accepted: Demand, serial: int) -> Demand:
    return Demand(
        mrn=accepted.mrn,
        licence=accepted.licence,
        revision=2,
        version=1,
        phase=Phase.RELEASED,
        final_exit=False,
        accepted_at=accepted.accepted_at,
        occurred_at=_moment(serial),
        exporter=accepted.exporter,
        draws=accepted.draws,
        sources=(*accepted.sources, source(serial, "release")),
    )


def facts(seed: int, count: int, licences: int) -> Iterator[DeclarationAccepted | GoodsReleased]:
    """Declarations of three items, a third of them released later on."""
    chance = random.Random(seed)  # noqa: S311 - the same load from the same seed
    accepted: list[DeclarationAccepted] = []
    for serial in range(count):
        if accepted and chance.random() < 1 / 3:
            declaration = accepted.pop(chance.randrange(len(accepted)))
            yield GoodsReleased(
                fact_id=f"{serial:032x}",
                mrn=declaration.mrn,
                sources=(source(serial, "release"),),
                released_at=_moment(serial),
            )
            continue
        number = chance.randrange(licences)
        declaration = _declaration(serial, number, cites=chance.random() < CITING)
        accepted.append(declaration)
        yield declaration


def _declaration(serial: int, number: int, *, cites: bool) -> DeclarationAccepted:
    document = Document(type="X060", reference=reference(number), line=1, quantity=Decimal(1), unit=PIECES)
    items = tuple(
        Item(
            item=n,
            commodity_code=PRESS,
            description="isostatic press",
            procedure="10",
            net_mass_kg=Decimal("600.5"),
            statistical_value=Decimal("80000.00"),
            documents=(document,) if cites and n == 1 else (),
        )
        for n in (1, 2, 3)
    )
    return DeclarationAccepted(
        fact_id=f"{serial:032x}",
        mrn=export_mrn(serial),
        sources=(source(serial, "declaration"),),
        lrn=f"LOAD-{serial}",
        version=1,
        accepted_at=_moment(serial),
        office_of_export="BE343000",
        procedure="10",
        exporter=holder(number),
        consignee=BUYER,
        country_of_destination=INDIA,
        items=items,
    )


def _moment(serial: int) -> datetime:
    return BEGIN + timedelta(seconds=serial % 1_000_000)
