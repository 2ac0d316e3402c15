"""What must hold at the end of every campaign, from the tables and topics alone. Nothing here depends on the faults."""

from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import groupby
from typing import Any

import psycopg
from psycopg.rows import dict_row

from services.reconciliation.adapters.verification import verify
from services.runtime.database import Database
from tests.integration.faults.audit import Audit
from tests.integration.faults.fleet import Fleet
from tests.integration.faults.plain import Plain, plain
from tests.integration.faults.records import identity, records
from tests.integration.faults.report import Report
from tests.integration.installation import Installation

SERVICES = ("customs", "licensing", "reconciliation", "alerting")
CONSUMED = ("licensing.licence.v1", "reconciliation.demand.v1", "reconciliation.licence-reminder.v1")
SAYS_NOTHING = ("reconciliation.reminder.v1", "reconciliation.licence-reminder.v1", "reconciliation.resemblance.v1")
"""A wait that ended and began again with the same end is reminded of twice, a screening that comes again is answered
again: what either raises is in findings, once."""
MUST_BE_ZERO = (
    "tolbrug_ledger_draws_minus_columns",
    "tolbrug_ledger_entries_minus_columns",
    "tolbrug_ledger_revision_gaps",
    "tolbrug_customs_messages_unaccounted",
)
Answers = dict[tuple[int, str, int], tuple[str, list[str]]]
"""By item, licence and line as cited: verdict and reasons."""
_ENTRIES = (
    "SELECT value FROM reconciliation.output WHERE fold = 'ledger' AND entry_of IS NOT NULL"
    ' ORDER BY entry_of COLLATE "C", entry_revision'
)


@dataclass
class Proof:
    """Compares what an installation holds with the oracle, and every table with every topic."""

    installation: Installation
    report: Report
    _consumed: dict[str, tuple[str, int, bytes]] = field(default_factory=dict)
    _answers: dict[str, Answers] = field(default_factory=lambda: defaultdict(dict))

    async def run(self, taken: Mapping[str, set[str]]) -> None:
        """`taken`: by MRN, our ids of the messages that were answered 2xx. The installation must be at rest."""
        await self._published()
        await self._read_consumed()
        await self._ledgers()
        await self._verdicts(taken)
        await self._alerts()
        await self._by_the_product()
        self.report.messages += sum(map(len, taken.values()))

    async def _rows(self, query: str) -> AsyncIterator[dict[str, Any]]:
        connection = await psycopg.AsyncConnection.connect(self.installation.database_url, row_factory=dict_row)
        async with connection, connection.cursor("proof") as cursor:
            await cursor.execute(query.encode())
            async for row in cursor:
                yield row

    async def _published(self) -> None:
        """Every committed row is on its topic as committed, and nothing else is."""
        committed: dict[str, dict[str, set[bytes]]] = defaultdict(lambda: defaultdict(set))
        times: Counter[tuple[str, str]] = Counter()
        for table in [*(f"{s}.output" for s in SERVICES), "customs.outbox", "licensing.outbox"]:
            query = f"SELECT topic, identity, sha256(value) AS digest FROM {table} WHERE topic NOT LIKE '%.dlq'"  # noqa: S608 - names of ours
            async for row in self._rows(query):
                committed[row["topic"]][row["identity"]].add(bytes(row["digest"]))
                times[row["topic"], row["identity"]] += table.endswith("output") and row["topic"] not in SAYS_NOTHING
        self.report.duplicated += [
            f"{topic}: {name} was put out {n} times" for (topic, name), n in times.items() if n > 1
        ]
        for topic, known in sorted(committed.items()):
            seen: Counter[str] = Counter()
            async for record in records(self.installation, topic):
                name, digest = identity(record), sha256(record.value or b"").digest()
                seen[name] += 1
                if digest not in known.get(name, ()):
                    self.report.wrong.append(f"{topic}: {name} on the topic was never committed so")
            self.report.lost += [
                f"{topic}: {name} was committed and not published" for name in known.keys() - seen.keys()
            ]
            self.report.repeats += sum(seen.values()) - len(seen)

    async def _read_consumed(self) -> None:
        """The first record of each identity counts: what comes again is a repeat."""
        for topic in CONSUMED:
            async for record in records(self.installation, topic):
                self._consumed.setdefault(identity(record), (topic, record.offset, record.value or b""))

    def _message(self, name: str) -> tuple[int, Plain] | None:
        found = self._consumed.get(name)
        return None if found is None else (found[1], plain(found[2]))

    async def _ledgers(self) -> None:
        """Oracle = ledger at each entry; each demand and licence decided once, or passed over for a later revision."""
        entries = [plain(bytes(row["value"])) async for row in self._rows(_ENTRIES)]
        self.report.entries += len(entries)
        decided: set[str] = set()
        for licence, of_licence in groupby(entries, key=lambda entry: str(entry["licence"])):
            audit = Audit(licence, self._message).follow(of_licence)
            self.report.wrong += audit.wrong
            decided |= audit.causes
            for mrn, shipment in audit.oracle.shipments.items():
                for draw in shipment.draws:
                    place = (draw.asked["item"], licence, draw.asked["line"])
                    self._answers[mrn][place] = (draw.verdict, sorted(draw.reasons))
        for name in self._consumed.keys() - decided:
            topic, offset, _ = self._consumed[name]
            if topic == "licensing.licence.v1":
                self.report.passed_over += 1
            else:
                self.report.lost.append(f"{topic}: {name} at offset {offset} was not decided")

    async def _verdicts(self, taken: Mapping[str, set[str]]) -> None:
        """Each accepted message is in the last verdict of its shipment, which says what the ledgers say."""
        last: dict[str, Plain] = {}
        revisions: Counter[str] = Counter()
        query = (
            "SELECT value FROM reconciliation.output WHERE topic = 'reconciliation.verdict.v1' ORDER BY partition, seq"
        )
        async for row in self._rows(query):
            verdict = plain(bytes(row["value"]))
            revisions[verdict["mrn"]] += 1
            if verdict["revision"] != revisions[verdict["mrn"]]:
                self.report.wrong.append(f"verdict {verdict['revision']} of {verdict['mrn']} leaves a gap")
            last[verdict["mrn"]] = verdict
        for mrn, ids in taken.items():
            applied = last[mrn]["applied"] if mrn in last else []
            self.report.lost += [f"message {name} of {mrn} is in no verdict" for name in ids - set(applied)]
            if len(applied) != len(set(applied)):
                self.report.duplicated.append(f"a message of {mrn} is applied twice")
        for mrn, verdict in last.items():
            self._same_answers(mrn, verdict)

    def _same_answers(self, mrn: str, verdict: Plain) -> None:
        told = {
            (item["item"], item["licence"], item["line"] or 0): (item["verdict"], sorted(item["reasons"]))
            for item in verdict["items"]
            if item["licence"] is not None
        }
        due = self._answers.get(mrn, {})
        if told.keys() != due.keys():
            self.report.wrong.append(f"the verdict on {mrn} answers {sorted(told)}, it draws on {sorted(due)}")
            return
        for place, answer in due.items():
            # A freed draw keeps the answer it had before.
            if answer[0] != "FREED" and told[place] != answer:
                self.report.wrong.append(f"{mrn} {place} was told {told[place]}, the ledger says {answer}")

    async def _alerts(self) -> None:
        """Each finding is in one alert, once."""
        alerts: dict[str, Plain] = {}
        raised = {
            plain(record.value or b"")["id"] async for record in records(self.installation, "reconciliation.finding.v1")
        }
        async for record in records(self.installation, "alerting.alert.v1"):
            alert = plain(record.value or b"")
            if alert["id"] not in alerts or alerts[alert["id"]]["revision"] < alert["revision"]:
                alerts[alert["id"]] = alert
        alerted = Counter(name for alert in alerts.values() for name in alert["findings"])
        self.report.lost += [f"finding {name} has no alert" for name in raised - alerted.keys()]
        self.report.wrong += [f"alert of {name}, which no topic holds" for name in alerted.keys() - raised]
        self.report.duplicated += [f"finding {name} is alerted {n} times" for name, n in alerted.items() if n > 1]
        self.report.wrong += [
            f"alert {a['id']} counts {a['count']}" for a in alerts.values() if a["count"] != len(a["findings"])
        ]

    async def _by_the_product(self) -> None:
        """Its own verification finds nothing (hash chains, stored ledgers), and no partition is halted."""
        database = Database(self.installation.database_url, size=2)
        await database.open()
        try:
            self.report.wrong += [str(difference) for difference in (await verify(database)).differences]
        finally:
            await database.close()
        for service in SERVICES:
            async for row in self._rows(f"SELECT fold, partition, halted FROM {service}.fold WHERE halted IS NOT NULL"):  # noqa: S608 - names of ours
                self.report.wrong.append(f"{row['fold']}[{row['partition']}] is halted: {row['halted']}")


async def prove(fleet: Fleet, report: Report, taken: Mapping[str, set[str]], timeout_s: float = 60) -> None:
    """Wait until the fleet is at rest, look at everything, and fail unless all of it is as it must be."""
    await fleet.quiet(timeout_s)
    for worker in fleet.alive:
        for name in MUST_BE_ZERO:
            if await worker.metric(name):
                report.wrong.append(f"{name} is not 0 in a worker")
    await Proof(fleet.installation, report).run(taken)
    report.judge()
