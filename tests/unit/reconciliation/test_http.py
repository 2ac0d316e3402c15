"""Routes: references hold slashes, entries go before ledgers, what is not there is a problem."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from services.core.message import Message
from services.core.messages import Entry, EntryCause, Finding, Ledger
from services.core.values import LicenceRef
from services.reconciliation.adapters.http import reconciliation_router
from services.runtime.http import application
from tests.builders import ACCEPTED_AT

REF = LicenceRef("VL/2026/000123")
TAIL = LicenceRef("VL/2026/entries")


@dataclass
class Ledgers:
    """Two licences with five entries each; remembers what was asked for."""

    asked: list[str] = field(default_factory=list)

    async def ledger(self, ref: str) -> Ledger | None:
        self.asked.append(ref)
        known = ref in (REF, TAIL)
        return Ledger(licence=LicenceRef(ref), revision=5, hash="", arrivals=0) if known else None

    async def entries(self, ref: str, after: int, limit: int) -> Sequence[Message]:
        if ref not in (REF, TAIL):
            return []
        return [an_entry(ref, revision) for revision in range(after + 1, 6)][:limit]

    async def finding(self, _: str) -> Finding | None:
        return None


def an_entry(ref: str, revision: int) -> Entry:
    return Entry(
        licence=LicenceRef(ref),
        revision=revision,
        cause=EntryCause.DEMAND,
        cause_id="",
        recorded_at=ACCEPTED_AT,
        rule_set="",
        previous_hash="",
        hash="",
    )


async def get(url: str) -> tuple[int, Any]:
    ledgers = Ledgers()
    router = reconciliation_router(ledgers.ledger, ledgers.entries, ledgers.finding)

    async def ready() -> dict[str, bool]:
        return {}

    app = application("test", [router], ready, lambda: True)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        answer = await client.get(url)
    return answer.status_code, answer.json()


@pytest.mark.parametrize(
    "url",
    [
        "/v1/ledger/licences/VL/2026/000123",
        "/v1/ledger/licences/VL%2F2026%2F000123",
        "/v1/ledger/licences?ref=VL/2026/000123",
        "/v1/ledger/licences?ref=VL%2F2026%2F000123",
    ],
)
async def test_a_ledger_is_reached_by_its_reference_in_every_form(url: str) -> None:
    status, body = await get(url)
    assert (status, body["ref"]) == (200, REF)


@pytest.mark.parametrize(
    "url",
    [
        "/v1/ledger/licences/VL/2026/000123/entries",
        "/v1/ledger/licences/VL%2F2026%2F000123/entries",
        "/v1/ledger/licences/entries?ref=VL/2026/000123",
    ],
)
async def test_entries_go_before_a_ledger(url: str) -> None:
    status, body = await get(url)
    assert (status, [e["revision"] for e in body["items"]], body["next"]) == (200, [1, 2, 3, 4, 5], None)


async def test_a_reference_that_ends_like_a_reserved_word_is_reached_by_query() -> None:
    assert (await get("/v1/ledger/licences?ref=VL/2026/entries"))[1]["ref"] == TAIL


async def test_pages_follow_one_another_without_gap_or_repeat() -> None:
    revisions, url = [], "/v1/ledger/licences/VL/2026/000123/entries?limit=2"
    cursor: int | None = 0
    while cursor is not None:
        _, body = await get(f"{url}&cursor={cursor}")
        revisions += [e["revision"] for e in body["items"]]
        cursor = body["next"]
    assert revisions == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    "url",
    [
        "/v1/ledger/licences/VL/0",
        "/v1/ledger/licences/VL/0/entries",
        "/v1/ledger/licences?ref=%20",
        "/v1/findings/f-9",
    ],
)
async def test_what_is_not_known_is_a_404_problem(url: str) -> None:
    status, body = await get(url)
    assert (status, body["status"]) == (404, 404)


@pytest.mark.parametrize("query", ["cursor=-1", "cursor=x", "limit=0", "limit=501"])
async def test_a_wrong_page_is_refused_with_its_name(query: str) -> None:
    status, body = await get(f"/v1/ledger/licences/entries?ref=A&{query}")
    assert (status, body["errors"][0]["path"]) == (422, f"query/{query.partition('=')[0]}")
