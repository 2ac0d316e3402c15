"""The write-off table: what each entry took off a line, as JSON, CSV and PDF."""

import csv
import io
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from services.core.message import Message
from services.core.messages import Basis, Ledger, Phase
from services.reconciliation.adapters.write_off_http import write_off_router
from services.reconciliation.domain.ledger import to_record
from services.reconciliation.domain.write_offs import WriteOff, write_offs
from services.runtime.http import application
from tests.builders import REF, a_demand, a_draw, a_licence, a_line, mrn
from tests.ledger_play import Play


def shipped() -> Play:
    """Issued, one press reserved, released; one of another shipment released, and half of its value not exported."""
    play = Play(a_licence(), a_demand())
    play.phase(a_demand().mrn, Phase.RELEASED)
    other = a_demand(a_draw("1", "150000.00"), mrn=mrn(7))
    play.ask(other).phase(mrn(7), Phase.RELEASED).phase(mrn(7), Phase.INVALIDATED)
    return play


def rows(play: Play) -> list[WriteOff]:
    return list(write_offs(play.entries))


def figures(row: WriteOff) -> list[Any]:
    assert row.quantity is not None
    return [row.quantity.before, row.quantity.granted, row.quantity.written_off, row.quantity.remaining]


def test_a_row_is_what_an_entry_granted_wrote_off_or_gave_back_and_a_reservation_is_none() -> None:
    play = shipped()
    assert [figures(row) for row in rows(play)] == [[0, 2, 0, 2], [2, 0, 1, 1], [1, 0, 1, 0], [0, 0, -1, 1]]
    assert [row.document for row in rows(play)] == [None, a_demand().mrn, mrn(7), mrn(7)]
    assert [row.state for row in rows(play)] == [None, "BE", "BE", "BE"]
    by_hash = {entry.hash: entry for entry in play.entries}
    assert all(by_hash[row.hash].revision == row.revision for row in rows(play))


def test_every_row_adds_up_and_the_last_is_the_balance() -> None:
    play = shipped().change(lines=(a_line(quantity="5"),))
    for row in rows(play):
        for one in (row.quantity, row.value):
            assert one is not None
            assert one.before is not None
            assert one.before + one.granted - one.written_off == one.remaining
    amounts = play.line().quantity
    assert amounts is not None
    assert figures(rows(play)[-1]) == [1, 3, 0, amounts.authorised - amounts.consumed]


def test_an_open_line_has_no_ends() -> None:
    play = Play(a_licence(a_line(basis=Basis.OPEN, quantity=None, value=None)), a_demand())
    play.phase(a_demand().mrn, Phase.RELEASED)
    assert figures(rows(play)[-1]) == [None, 0, 1, None]


async def get(play: Play, path: str, **headers: str) -> httpx.Response:
    async def ledger(ref: str) -> Ledger | None:
        return to_record(play.state) if ref == REF else None

    async def entries(ref: str, after: int, limit: int) -> Sequence[Message]:
        assert ref == REF
        return play.entries[after : after + limit]

    async def ready() -> dict[str, bool]:
        return {}

    app = application("test", [write_off_router(ledger, entries)], ready, lambda: True)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://door") as client:
        return await client.get(path, headers=headers)


PATH = f"/v1/ledger/licences/{REF}/write-offs"


@pytest.mark.parametrize("path", [PATH, f"/v1/ledger/licences/write-offs?ref={REF}"])
async def test_the_table_is_shown_as_of_the_last_entry(path: str) -> None:
    play = shipped()
    answer = await get(play, path)
    table = answer.json()
    assert (table["ref"], table["revision"], table["hash"]) == (REF, play.state.revision, play.entries[-1].hash)
    assert answer.headers["etag"] == f'"{play.state.revision}"'
    (line,) = table["lines"]
    assert line["write_offs"][1]["value"] == {
        "before": "250000",
        "granted": "0",
        "written_off": "100000",
        "remaining": "150000",
    }
    assert (await get(play, PATH.replace("123", "124"))).status_code == 404


async def test_as_csv_it_has_the_same_figures() -> None:
    play = shipped()
    answer = await get(play, PATH, accept="text/html, text/csv;q=0.9")
    assert answer.headers["content-type"].startswith("text/csv")
    told = list(csv.DictReader(io.StringIO(answer.text)))
    assert [Decimal(row["quantity_remaining"]) for row in told] == [2, 1, 0, 1]
    assert [row["hash"] for row in told] == [row.hash for row in rows(play)]


async def test_as_pdf_it_is_the_same_bytes_for_the_same_revision_and_others_for_another() -> None:
    play = shipped()
    one, two = [(await get(play, f"{PATH}?format=pdf")).content for _ in range(2)]
    assert one.startswith(b"%PDF-")
    assert one == two
    play.change(valid_to=a_licence().valid_from + timedelta(days=400))
    assert (await get(play, f"{PATH}?format=pdf")).content != one
