"""Files of use: totals that take the place of those before, and each single use in one file only."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import httpx
import pytest

from services.core.message import Message
from services.core.messages import Ledger, LicenceStatus, Phase
from services.reconciliation.adapters.lite_usage import Changed, Place, Places, lite_usage_router
from services.reconciliation.domain.ledger import to_record
from services.reconciliation.domain.lite_usage import LicenceUsage, usage_of
from services.runtime.http import application
from tests.builders import REF, a_demand, a_draw, a_licence, a_status, later, mrn
from tests.ledger_play import Play

AT = later(9)


def shipped() -> Play:
    """One press of two is released."""
    return Play(a_licence(), a_demand()).phase(a_demand().mrn, Phase.RELEASED)


def usage(play: Play, first: int = 1) -> LicenceUsage | None:
    assert play.state.terms is not None
    return usage_of(play.state.terms, first, play.entries[max(first - 2, 0) :], AT)


def totals(found: LicenceUsage | None) -> list[str]:
    assert found is not None
    return [f"{line.quantity:f} {line.value:f} {line.currency}" for line in found.lines]


def test_a_total_is_told_whole_and_a_use_once() -> None:
    play = shipped()
    one = usage(play)
    assert totals(one) == ["1 100000.00 EUR"]
    seen = play.state.revision
    play.ask(a_demand(a_draw("1", "50000.00"), mrn=mrn(7))).phase(mrn(7), Phase.RELEASED)
    two = usage(play, seen + 1)
    assert totals(two) == ["2 150000.00 EUR"]
    assert two is not None
    assert [(used.document, str(used.quantity), used.back) for used in two.lines[0].uses] == [(mrn(7), "1", False)]
    seen = play.state.revision
    play.phase(mrn(7), Phase.INVALIDATED)
    three = usage(play, seen + 1)
    assert three is not None
    assert totals(three)[0].startswith("1 ")
    assert [(str(used.quantity), used.back) for used in three.lines[0].uses] == [("1", True)]


def test_what_is_only_reserved_is_not_told() -> None:
    assert usage(Play(a_licence(), a_demand())) is None


@pytest.mark.parametrize(
    ("status", "letter"),
    [
        (LicenceStatus.SUSPENDED, "O"),
        (LicenceStatus.EXHAUSTED, "E"),
        (LicenceStatus.EXPIRED, "D"),
        (LicenceStatus.SURRENDERED, "S"),
        (LicenceStatus.REVOKED, "C"),
        (LicenceStatus.ANNULLED, "C"),
    ],
)
def test_a_status_is_a_letter(status: LicenceStatus, letter: str) -> None:
    play = shipped()
    assert play.state.terms is not None
    terms = replace(play.state.terms, statuses=(*play.state.terms.statuses, a_status(status, later(5))))
    found = usage_of(terms, 1, play.entries, AT)
    assert found is not None
    assert found.status == letter
    assert (found.completed is None) is (letter == "O")


def test_a_licence_that_is_used_up_over_or_replaced_has_ended() -> None:
    play = Play(a_licence(), a_demand(a_draw("2", "250000.00"))).phase(a_demand().mrn, Phase.RELEASED)
    ended = usage(play)
    assert ended is not None
    assert (ended.status, ended.completed) == ("E", play.entries[-1].recorded_at.date())
    play = shipped()
    assert play.state.terms is not None
    over = replace(play.state.terms, valid_from=date(2020, 1, 1), valid_to=date(2020, 12, 31))
    replaced = replace(play.state.terms, replaced_by=REF)
    letters = [found and found.status for found in (usage_of(one, 1, play.entries, AT) for one in (over, replaced))]
    assert letters == ["D", "C"]


def test_while_a_declaration_holds_some_it_is_not_complete() -> None:
    play = shipped().ask(a_demand(mrn=mrn(7)))
    assert play.state.terms is not None
    revoked = (*play.state.terms.statuses, a_status(LicenceStatus.REVOKED, later(5)))
    found = usage_of(replace(play.state.terms, statuses=revoked), 1, play.entries, AT)
    assert found is not None
    assert (found.status, found.completed) == ("C", None)


async def get(play: Play, query: str) -> httpx.Response:
    async def changes(since: Places, prefix: str) -> tuple[list[Changed], dict[int, Place]]:
        told, last = since.get(0, Place()), len(play.entries)
        assert told in (Place(), Place(last, REF, last))
        begins = told.output
        found = [Changed(REF, begins + 1, last)] if begins < last and REF.startswith(prefix) else []
        return found, {0: Place(last, REF, last), 1: Place(4)}

    async def ledger(_: str) -> Ledger:
        return to_record(play.state)

    async def entries(_: str, after: int, limit: int) -> Sequence[Message]:
        return play.entries[after : after + limit]

    async def ready() -> dict[str, bool]:
        return {}

    app = application("test", [lite_usage_router(changes, ledger, entries)], ready, lambda: True)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://door") as client:
        return await client.get(f"/v1/lite/usage-data?run=7{query}")


async def test_a_file_has_all_records_numbered_and_counted() -> None:
    play = shipped()
    answer = await get(play, "")
    header, *records = answer.text.splitlines()
    assert header.startswith("1\\fileHeader\\CHIEF\\SPIRE\\usageData\\20")
    assert header.endswith("\\7\\")
    assert records == [
        f"2\\licenceUsage\\LU00007/00001\\insert\\{REF}\\O\\",
        "3\\line\\1\\1\\100000\\EUR",
        f"4\\usage\\O\\{a_demand().mrn}\\1\\20260302\\1\\100000\\EUR\\BE0314595348\\\\\\\\\\\\\\",
        "5\\end\\line\\3",
        "6\\end\\licenceUsage\\5",
        "7\\fileTrailer\\1",
    ]
    since = answer.headers["next-since"]
    assert since == f"0:{len(play.entries)}.{len(play.entries)}.{REF.encode().hex()}-1:4"
    assert (await get(play, f"&since={since}")).status_code == 204
    assert (await get(play, "&prefix=GBSIEL/")).status_code == 204
    for other in ("x", "0:1.2", "0:1.2.f", "0:1.2.ff", "0:1.2.4100", "0:1-"):
        assert (await get(play, f"&since={other}")).status_code == 422
