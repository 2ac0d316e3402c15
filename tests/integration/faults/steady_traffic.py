"""Licences and declarations over HTTP, each sent until it is taken, and the sums that must come of them.

Every declaration draws one piece of one licence; some are released. So what the exchange must hold in the end follows
from what it has answered 2xx to, by counting.
"""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from services.core.messages import Entry, Verdict, VerdictKind
from services.runtime.codec import Codec
from tests.builders import mrn
from tests.builders_licensing import LICENCE, changed
from tests.integration.faults.exchange_process import Exchange
from tests.integration.faults.records import identity
from tests.integration.faults.report import SEED, Report
from tests.integration.runtime.probe_process import until
from tests.unit.customs.written import declaration, event

PAUSE_S = 0.1
PACE_S = 0.05
"""Between two messages of one sender: this is traffic to be right about, not to be fast with."""
LINE = {**LICENCE["lines"][0], "basis": "quantity", "quantity": "1000000", "value": None, "currency": None}
REQUIRES = {"federal_authorisation": False, "end_use_certificate": False, "state_guarantee": False}
CONSIGNEE = {name: declaration()["consignee"][name] for name in ("name", "country")}
AWAY = (httpx.TransportError,)


def drawing(name: str, ref: str) -> dict[str, Any]:
    """A declaration that draws one piece of a licence."""
    document = {"type": "X060", "reference": ref, "line": 1, "quantity": "1", "unit": "NAR"}
    item = {**declaration()["items"][0], "documents": [document]}
    return declaration(message_id=f"d-{name}", mrn=name, lrn=f"L-{name}", items=[item])


@dataclass
class Traffic:
    """What is sent and what was answered. `answers` counts statuses, and connections that broke as 0."""

    exchange: Exchange
    report: Report
    licences: int = 4
    released_share: float = 0.4
    answers: Counter[int] = field(default_factory=Counter)
    taken: dict[str, str] = field(default_factory=dict)
    released: set[str] = field(default_factory=set)
    stopped: bool = False
    _next: int = 0

    def __post_init__(self) -> None:
        self._random = random.Random(SEED)

    @property
    def refs(self) -> list[str]:
        return [f"VL/2026/{number:06d}" for number in range(1, self.licences + 1)]

    async def issue(self) -> None:
        """The licences, sent until they are taken."""
        async with httpx.AsyncClient(timeout=20) as client:
            for ref in self.refs:
                body = changed(LICENCE, ref=ref, lines=[LINE], requires=REQUIRES, consignees=[CONSIGNEE])
                await self._until_taken(client, "/v1/licences", body)

    async def run(self, senders: int = 8, most: int = 10**9) -> None:
        """Send until `stopped`, or until `most` declarations are taken."""
        async with httpx.AsyncClient(timeout=30) as client:
            await asyncio.gather(*(self._send(client, most) for _ in range(senders)))

    async def _send(self, client: httpx.AsyncClient, most: int) -> None:
        while not self.stopped and self._next < most:
            self._next += 1
            name, ref = str(mrn(self._next)), self._random.choice(self.refs)
            releases = self._random.random() < self.released_share
            await self._until_taken(client, "/v1/customs/messages", drawing(name, ref))
            self.taken[name] = ref
            await asyncio.sleep(PACE_S)
            if releases:
                release = event("release", message_id=f"r-{name}", mrn=name, released_at="2026-03-02T10:00:00Z")
                await self._until_taken(client, "/v1/customs/messages", release)
                self.released.add(name)

    async def _until_taken(self, client: httpx.AsyncClient, path: str, body: dict[str, Any]) -> None:
        """A sender's life: 503 and a broken connection mean that it is not known, so the same is sent again."""
        while True:
            try:
                answer = await client.post(self.exchange.url + path, json=body)
            except AWAY:
                self.answers[0] += 1
                await asyncio.sleep(PAUSE_S)
                continue
            self.answers[answer.status_code] += 1
            if answer.is_success:
                return
            assert answer.status_code in {429, 503}, answer.text
            assert int(answer.headers["Retry-After"]) > 0
            await asyncio.sleep(PAUSE_S)

    async def takes(self, more: int, timeout_s: float = 60) -> None:
        """Until so many further declarations are taken."""
        before = len(self.taken)

        async def taken() -> bool:
            return len(self.taken) >= before + more

        await until(taken, f"{more} more declarations are taken", timeout_s)

    async def decides(self, more: int = 1, timeout_s: float = 60) -> float:
        """Seconds until so many further entries are committed."""
        begun, before = time.monotonic(), await self._decisions()

        async def decided() -> bool:
            return await self._decisions() >= before + more

        await until(decided, f"{more} more decisions", timeout_s)
        return time.monotonic() - begun

    async def _decisions(self) -> int:
        (row,) = await self.exchange.rows("SELECT count(*) AS n FROM reconciliation.output WHERE entry_of IS NOT NULL")
        return int(row["n"])

    async def settle(self, timeout_s: float = 40) -> None:
        """Wait until all of it is booked and published, then compare with the sums, and judge."""

        async def booked() -> bool:
            return await self._columns() == self._expected()

        async def published() -> bool:
            late = "SELECT 1 FROM reconciliation.fold WHERE published < last_output"
            return not await self.exchange.rows(late)

        try:
            await until(booked, "every declaration is booked", timeout_s)
        except BaseException as error:
            error.add_note(f"seed {SEED}: {await self._columns()} instead of {self._expected()}")
            raise
        await until(published, "all outputs are published", timeout_s)
        await self._verify_entries()
        await self._verify_verdicts()
        self.report.messages += len(self.taken) + len(self.released)
        self.report.judge()

    def _expected(self) -> dict[str, tuple[int, int]]:
        """Reserved and consumed pieces per licence."""
        held, gone = Counter(self.taken.values()), Counter(self.taken[name] for name in self.released)
        return {ref: (held[ref] - gone[ref], gone[ref]) for ref in self.refs}

    async def _columns(self) -> dict[str, tuple[int, int]]:
        columns = {}
        for ref, entry in {entry.licence: entry for entry in await self._entries(latest=True)}.items():
            quantities = [balance.quantity for balance in entry.balances if balance.quantity is not None]
            columns[str(ref)] = (int(sum(q.reserved for q in quantities)), int(sum(q.consumed for q in quantities)))
        return columns

    async def _entries(self, *, latest: bool = False) -> Sequence[Entry]:
        """In the order of revision, from the table; or only the last of each licence."""
        which, order = ("DISTINCT ON (entry_of)", "DESC") if latest else ("", "ASC")
        rows = await self.exchange.rows(
            f"SELECT {which} value FROM reconciliation.output"  # noqa: S608 - written above
            f" WHERE entry_of IS NOT NULL ORDER BY entry_of, entry_revision {order}"
        )
        decoded = [Codec().decode(bytes(row["value"])) for row in rows]
        return [entry for entry in decoded if isinstance(entry, Entry)]

    async def _verify_entries(self) -> None:
        """No gap, nothing decided twice, and the topic holds what the table holds."""
        entries, report = await self._entries(), self.report
        for ref in self.refs:
            revisions = [entry.revision for entry in entries if entry.licence == ref]
            if revisions != list(range(1, len(revisions) + 1)):
                report.lost.append(f"the entries of {ref} leave a gap")
        # A licence that comes after its demands is the cause of one entry for each shipment that waited for it.
        causes = Counter((e.licence, e.cause_id, None if e.shipment is None else e.shipment.mrn) for e in entries)
        report.duplicated += [f"{cause} was decided {times} times" for cause, times in causes.items() if times > 1]
        committed = {entry.identity for entry in entries}
        seen = Counter(identity(record) for record in await self.exchange.log(Entry.TOPIC).read())
        report.lost += [f"entry {name} was committed and not published" for name in committed - seen.keys()]
        report.wrong += [f"entry {name} is on the topic and was never committed" for name in seen.keys() - committed]
        report.entries += len(entries)
        report.repeats += seen.total() - len(seen)

    async def _verify_verdicts(self) -> None:
        """Each shipment has one answer, which holds each of its messages once."""

        async def answered() -> bool:
            rows = await self.exchange.rows("SELECT mrn FROM customs.answer")
            return {row["mrn"] for row in rows} == self.taken.keys()

        async def complete() -> bool:
            last = await self._verdicts()
            return last.keys() == self.taken.keys() and all(
                len(verdict.applied) == 1 + (name in self.released) and verdict.verdict is VerdictKind.COVERED
                for name, verdict in last.items()
            )

        await until(answered, "customs has an answer for every shipment")
        await until(complete, "every message is in the last verdict of its shipment")
        halted = await self.exchange.rows("SELECT halted FROM reconciliation.fold WHERE halted IS NOT NULL")
        self.report.wrong += [f"a partition is halted: {row['halted']}" for row in halted]

    async def _verdicts(self) -> dict[str, Verdict]:
        last: dict[str, Verdict] = {}
        for record in await self.exchange.log(Verdict.TOPIC).read():
            verdict = Codec().decode(record.value or b"")
            assert isinstance(verdict, Verdict)
            if verdict.mrn not in last or last[verdict.mrn].revision < verdict.revision:
                last[verdict.mrn] = verdict
        return last
