"""`tolbrug verify`: every balance again from the entries alone, and the stored ledgers against it.

Everything is read in one transaction, so that a running system can be verified; entries are streamed, one licence in
memory at a time.
"""

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields
from hashlib import sha256
from itertools import groupby
from typing import Any, Final

import psycopg
from psycopg.rows import dict_row

from services.core.errors import Corrupt, Rejected
from services.core.messages import Amounts, Entry, Ledger, LineBalance
from services.core.values import LicenceRef, format_amount
from services.reconciliation.domain import verification
from services.reconciliation.domain.invariants import Violation
from services.reconciliation.domain.ledger import LicenceLedger, apply, to_record
from services.reconciliation.domain.verification import Recorded
from services.runtime.codec import PREFIX, Codec
from services.runtime.database import Database

FOLD: Final = "ledger"
_ENTRIES = (
    "SELECT entry_of, entry_revision, partition, seq, value FROM reconciliation.output"
    " WHERE fold = %s AND entry_of IS NOT NULL ORDER BY entry_of, entry_revision"
)
_HASHES = (
    "SELECT substring(value FROM octet_length(value) - 63) AS hash FROM reconciliation.output"
    " WHERE fold = %s AND partition = %s AND entry_of IS NOT NULL ORDER BY seq"
)
_PARTITIONS = "SELECT partition FROM reconciliation.fold WHERE fold = %s ORDER BY partition"
_PREFIXES = "SELECT DISTINCT substring(value FROM 1 FOR 5) AS prefix FROM reconciliation.output WHERE fold = %s"
_SNAPSHOT = "SELECT state FROM reconciliation.snapshot WHERE fold = %s AND aggregate = %s"
_ORPHANS = (
    "SELECT aggregate FROM reconciliation.snapshot AS s WHERE fold = %s AND NOT EXISTS"
    " (SELECT FROM reconciliation.output AS o WHERE o.fold = s.fold AND o.entry_of = s.aggregate) ORDER BY aggregate"
)

# The last place of a partition is one above what it has put out: what is missing there is a gap like any other.
_GAPS = (
    "SELECT partition, before, seq FROM (SELECT partition, seq, lag(seq, 1, 0::bigint) OVER of_partition AS before"
    " FROM (SELECT partition, seq FROM reconciliation.output WHERE fold = %(fold)s"
    " UNION ALL SELECT partition, last_output + 1 FROM reconciliation.fold WHERE fold = %(fold)s) AS places"
    " WINDOW of_partition AS (PARTITION BY partition ORDER BY seq)) AS pairs"
    " WHERE seq <> before + 1 ORDER BY partition, seq"
)


@dataclass(slots=True)
class Verification:
    """What was verified, and everything that differs; `str` of a difference names licence, revision and line."""

    licences: int = 0
    entries: int = 0
    differences: list[Violation] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)
    """Outputs that are missing among the numbered ones of a partition."""
    chains: list["Chain"] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Chain:
    """The entries of a partition in recorded order: how many, and the SHA-256 of their hashes one after the other.

    Two installations that recorded the same have the same; a replay gives it again.
    """

    partition: int
    entries: int
    digest: str


async def verify(database: Database, codec: Codec | None = None) -> Verification:
    """Recompute all balances. `codec`: one with the registry whose ids the entries were written under, if any."""
    codec = codec or Codec()
    # Resolving an id may ask a registry; after it, decoding needs no I/O and can run beside the loop.
    rows = await database.rows(_PREFIXES, (FOLD,))
    await codec.resolve([bytes(row["prefix"]) for row in rows if row["prefix"] is not None])
    return await asyncio.to_thread(_verify, database.url, codec)


def _verify(url: str, codec: Codec) -> Verification:
    result = Verification()
    with psycopg.connect(url, row_factory=dict_row) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        with connection.cursor("tolbrug_verify") as entries:
            entries.itersize = 500
            entries.execute(_ENTRIES, (FOLD,))
            for licence, rows in groupby(entries, key=lambda row: str(row["entry_of"])):
                stored = connection.execute(_SNAPSHOT, (FOLD, licence)).fetchone()
                result.differences += _of_licence(licence, rows, stored, codec, result)
        for row in connection.execute(_ORPHANS, (FOLD,)):
            result.differences.append(Violation(row["aggregate"], 0, "a ledger is stored, and no entry of it"))
        result.chains = list(_chains(connection))
        result.gaps = [_gap(row) for row in connection.execute(_GAPS, {"fold": FOLD})]
    return result


def _chains(connection: psycopg.Connection[dict[str, Any]]) -> Iterator[Chain]:
    for row in connection.execute(_PARTITIONS, (FOLD,)).fetchall():
        digest, entries = sha256(), 0
        with connection.cursor("tolbrug_chain") as hashes:
            hashes.itersize = 10_000
            for found in hashes.execute(_HASHES, (FOLD, row["partition"])):
                digest.update(found["hash"] or b"")
                entries += 1
        yield Chain(row["partition"], entries, digest.hexdigest())


def _gap(row: dict[str, Any]) -> str:
    first, last = row["before"] + 1, row["seq"] - 1
    return f"partition {row['partition']}: of its outputs {first} to {last} are missing"


def _of_licence(
    licence: str, rows: Iterable[dict[str, Any]], stored: dict[str, Any] | None, codec: Codec, result: Verification
) -> list[Violation]:
    result.licences += 1
    read = _Read(codec, licence)
    try:
        snapshot = None if stored is None else codec.decode_record(Ledger, bytes(stored["state"]))
    except Corrupt as error:
        return [Violation(licence, 0, str(error)), *verification.verify(read.entries(rows))]
    found = differences(licence, read.entries(rows), snapshot)
    result.entries += read.count
    if read.fault is None:
        return [*found, *read.moved[:1]]
    before = [violation for violation in found if violation.revision < read.fault.revision]
    return [*before, read.fault]


class _Read:
    """Decodes the stored entries of a licence up to the first that is not what its row says."""

    def __init__(self, codec: Codec, licence: str) -> None:
        self.count = 0
        self.fault: Violation | None = None
        self.moved: list[Violation] = []
        self._codec = codec
        self._licence = licence
        self._last: tuple[int, int] | None = None

    def entries(self, rows: Iterable[dict[str, Any]]) -> Iterator[Recorded]:
        for row in rows:
            self.count += 1
            self._in_place(row)
            value = bytes(row["value"] or b"")
            found = self._entry(value, row["entry_revision"])
            if isinstance(found, Violation):
                self.fault = found
                return
            yield Recorded(found, value[PREFIX:])

    def _entry(self, value: bytes, revision: int) -> Entry | Violation:
        try:
            entry = self._codec.decode(value)
        except Rejected as error:
            return Violation(self._licence, revision, f"it was altered, it cannot be read: {error}")
        if isinstance(entry, Entry) and (entry.licence, entry.revision) == (self._licence, revision):
            return entry
        what = f"in its place is stored {entry.SCHEMA} {getattr(entry, 'revision', '')} of {entry.key}"
        return Violation(self._licence, revision, what)

    def _in_place(self, row: dict[str, Any]) -> None:
        """Entries of a licence stand in one partition, in order of revision."""
        before, self._last = self._last, (row["partition"], row["seq"])
        if before is not None and (before[0] != row["partition"] or before[1] >= row["seq"]):
            place = f"output {row['seq']} of partition {row['partition']}"
            what = f"it was moved to {place}, the entry before is output {before[1]} of partition {before[0]}"
            self.moved.append(Violation(self._licence, row["entry_revision"], what))


def differences(licence: str, entries: Iterable[Recorded], snapshot: Ledger | None) -> list[Violation]:
    """What is wrong with the entries of one licence, and where its stored ledger is not what they give.

    A stored ledger may lag behind: it is compared with what the entries up to its own revision give.
    """
    followed = _Followed(LicenceLedger(LicenceRef(licence)), None if snapshot is None else snapshot.revision)
    found = list(verification.verify(followed.through(entries)))
    if snapshot is None:
        return found
    if followed.reached is None:
        what = f"the stored ledger is at revision {snapshot.revision}, its entries lead to {followed.ledger.revision}"
        return [*found, Violation(licence, snapshot.revision, what)]
    return [*found, *_stored_otherwise(snapshot, to_record(followed.reached))]


class _Followed:
    """Lets entries through and applies them, to have the ledger at the revision that is stored."""

    def __init__(self, ledger: LicenceLedger, wanted: int | None) -> None:
        self.ledger = ledger
        self.reached: LicenceLedger | None = None
        self._wanted = wanted

    def through(self, entries: Iterable[Recorded]) -> Iterator[Recorded]:
        broken = False
        for recorded in entries:
            yield recorded
            if broken or self.reached is not None:
                continue
            try:
                self.ledger = apply(self.ledger, recorded.entry)
            except Corrupt:
                # The verification that reads along names the entry; what comes after it gives no ledger.
                broken = True
            else:
                self.reached = self.ledger if self.ledger.revision == self._wanted else None


def _stored_otherwise(stored: Ledger, given: Ledger) -> Iterator[Violation]:
    def differ(what: str, line: int | None = None) -> Violation:
        return Violation(stored.licence, stored.revision, f"the stored ledger differs from its entries: {what}", line)

    for name in ("hash", "arrivals", "terms"):
        if getattr(stored, name) != getattr(given, name):
            yield differ(name)
    held, due = ({s.mrn: s for s in ledger.shipments} for ledger in (stored, given))
    for mrn in sorted(held.keys() | due.keys()):
        if held.get(mrn) != due.get(mrn):
            yield differ(f"shipment {mrn}")
    before, after = ({b.line: b for b in ledger.balances} for ledger in (stored, given))
    for line in sorted(before.keys() | after.keys()):
        for what in _columns_otherwise(before.get(line), after.get(line)):
            yield differ(what, line)


def _columns_otherwise(stored: LineBalance | None, given: LineBalance | None) -> Iterator[str]:
    for dimension in ("quantity", "value"):
        has: Amounts | None = getattr(stored, dimension, None)
        due: Amounts | None = getattr(given, dimension, None)
        for column in fields(Amounts):
            one, other = getattr(has, column.name, None), getattr(due, column.name, None)
            if one != other:
                yield f"{dimension} {column.name} is {_shown(one)}, entries give {_shown(other)}"


def _shown(amount: Any) -> str:
    return "nothing" if amount is None else format_amount(amount)
