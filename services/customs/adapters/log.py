"""SQL of the message log: insert, look up, lock, update. Statements of one group, on the caller's transaction."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from psycopg.rows import DictRow

from services.core.errors import Corrupt, Fault, Refused, Rejected
from services.core.messages import DeclarationAccepted, DeclarationAmended
from services.core.values import Mrn
from services.customs.adapters.intake import Intake, Submission
from services.customs.adapters.xml.wco_response import REGISTRATION
from services.customs.domain.amendment import Version
from services.customs.domain.lodgement import Outcome, State
from services.customs.domain.reading import Amended, Lodged, Logged, Reading
from services.customs.handlers import AmendmentKey, LodgementKey
from services.runtime.codec import Codec
from services.runtime.columns import Bytes, Flags, Texts
from services.runtime.database import Connection

_RECEIPT = "id, message_id, kind, mrn, lrn, sha256, received_at, warnings"

_INSERT = """
INSERT INTO customs.message (id, party, identity, message_id, system, kind, mrn, lrn, declarant, media_type, charset,
    body, sha256, received_at, warnings, state, note, shipment, fact_id, fact_type, fact, open, amends)
SELECT id, party, identity::jsonb, message_id, system, kind, mrn, lrn, declarant, media_type, charset, body,
    sha256, %(at)s, warnings::jsonb, state, note, shipment, fact_id, fact_type, fact, open, amends
FROM unnest(%(id)s::text[], %(party)s::text[], %(identity)s::text[], %(message_id)s::text[], %(system)s::text[],
    %(kind)s::text[], %(mrn)s::text[], %(lrn)s::text[], %(declarant)s::text[], %(media_type)s::text[],
    %(charset)s::text[], %(body)s::bytea[], %(sha256)s::text[], %(warnings)s::text[], %(state)s::text[],
    %(note)s::text[], %(shipment)s::text[], %(fact_id)s::text[], %(fact_type)s::text[], %(fact)s::bytea[],
    %(open)s::boolean[], %(amends)s::text[])
  AS rows (id, party, identity, message_id, system, kind, mrn, lrn, declarant, media_type, charset, body, sha256,
    warnings, state, note, shipment, fact_id, fact_type, fact, open, amends)
ORDER BY id
ON CONFLICT (id) DO NOTHING
RETURNING id
"""

_UPDATE = """
UPDATE customs.message AS m SET state = r.state, note = r.note, shipment = coalesce(r.shipment, m.shipment),
    fact_id = r.fact_id, fact_type = r.fact_type, fact = r.fact, open = r.open
FROM unnest(%(id)s::text[], %(state)s::text[], %(note)s::text[], %(shipment)s::text[], %(fact_id)s::text[],
    %(fact_type)s::text[], %(fact)s::bytea[], %(open)s::boolean[])
  AS r (id, state, note, shipment, fact_id, fact_type, fact, open)
WHERE m.id = r.id
"""

_LOCK_LODGEMENTS = """
INSERT INTO customs.lodgement (party, system, lrn)
SELECT party, system, lrn FROM unnest(%s::text[], %s::text[], %s::text[]) AS rows (party, system, lrn)
ORDER BY party, system, lrn
ON CONFLICT (party, system, lrn) DO UPDATE SET lrn = excluded.lrn
"""

# What amends an MRN is only named here: it is read once the MRN is locked, under which others may take it.
_OPEN = """
SELECT id, party, system, lrn, amends, state, media_type, charset, CASE WHEN amends IS NULL THEN body END AS body,
    sha256, received_at
FROM customs.message
WHERE open AND (party, system, lrn) IN (SELECT * FROM unnest(%s::text[], %s::text[], %s::text[])) AND id <> ALL(%s)
"""

_OPEN_AMENDMENTS = """
SELECT id, party, system, amends, state, fact_id, media_type, charset, body, sha256, received_at FROM customs.message
WHERE open AND amends IS NOT NULL AND amends = ANY(%s) AND id <> ALL(%s)
"""

_VERSIONS = """
SELECT a.mrn, m.fact FROM customs.acceptance AS a JOIN customs.message AS m ON m.id = a.message_id
WHERE a.mrn = ANY(%s) AND m.fact IS NOT NULL
"""

_MESSAGES = """
SELECT id, party, state, media_type, charset, body, sha256, received_at FROM customs.message WHERE id = ANY(%s)
"""

_LOCK_ACCEPTANCES = """
INSERT INTO customs.acceptance (mrn) SELECT mrn FROM unnest(%s::text[]) AS rows (mrn) ORDER BY mrn
ON CONFLICT (mrn) DO UPDATE SET mrn = excluded.mrn
RETURNING mrn, message_id
"""

_KINDS_OF = b"SELECT id, kind FROM customs.message WHERE id = ANY(%s)"

_ACCEPT = """
UPDATE customs.acceptance AS a SET message_id = r.message_id
FROM unnest(%s::text[], %s::text[]) AS r (mrn, message_id) WHERE a.mrn = r.mrn
"""


@dataclass(frozen=True, slots=True)
class MessageLog:
    """The tables `customs.message`, `customs.lodgement` and `customs.acceptance`."""

    codec: Codec
    intake: Intake

    async def insert(
        self, connection: Connection, received: Sequence[tuple[Submission, Outcome]], at: datetime
    ) -> set[str]:
        """Store those whose id is new, in the order of ids; the ids of these. Waits for a rival of the same id."""
        columns = {
            **_columns([_received(submission) for submission, _ in received]),
            **_columns([self.became(outcome) for _, outcome in received]),
        }
        rows = await (await connection.execute(_INSERT, {**columns, "at": at})).fetchall()
        return {row["id"] for row in rows}

    async def receipts(self, connection: Connection, ids: Sequence[str]) -> dict[str, DictRow]:
        query = f"SELECT {_RECEIPT} FROM customs.message WHERE id = ANY(%s)"  # noqa: S608 - column names of this file only
        rows = await (await connection.execute(query.encode(), (Texts(ids),))).fetchall()
        return {row["id"]: row for row in rows}

    async def lock_lodgements(self, connection: Connection, keys: Sequence[LodgementKey]) -> None:
        """Hold these LRNs until the end of the transaction, taken in order."""
        await connection.execute(_LOCK_LODGEMENTS, _transposed(keys))

    async def open_messages(
        self, connection: Connection, fresh: Mapping[LodgementKey, Sequence[Logged]]
    ) -> tuple[dict[LodgementKey, list[Logged]], set[Mrn]]:
        """The open messages of the LRNs of `fresh`, with these, and the MRNs that open messages of these LRNs amend.

        Earlier ones are read again from their exact bytes.
        """
        groups, amended = {key: list(messages) for key, messages in fresh.items()}, set[Mrn]()
        known = Texts(message.id for messages in fresh.values() for message in messages)
        for row in await (await connection.execute(_OPEN, [*_transposed(sorted(fresh)), known])).fetchall():
            if row["amends"] is not None:
                amended.add(Mrn(row["amends"]))
            else:
                groups[(row["party"], row["system"], row["lrn"])].append(await self._logged(row))
        return groups, amended

    async def open_amendments(
        self, connection: Connection, mrns: Sequence[Mrn], fresh: Mapping[AmendmentKey, Sequence[Logged]]
    ) -> dict[AmendmentKey, list[Logged]]:
        """The open messages that amend these MRNs, which are locked, with those of `fresh`."""
        groups = {key: list(messages) for key, messages in fresh.items()}
        known = Texts(message.id for messages in fresh.values() for message in messages)
        for row in await (await connection.execute(_OPEN_AMENDMENTS, (Texts(mrns), known))).fetchall():
            key = (row["party"], row["system"], Mrn(row["amends"]))
            groups.setdefault(key, []).append(await self._logged(row))
        return groups

    async def versions(self, connection: Connection, mrns: Sequence[Mrn]) -> dict[Mrn, Version]:
        """The version in force of each accepted MRN, with the messages that amended it so."""
        if not mrns:
            return {}
        rows = await (await connection.execute(_VERSIONS, (Texts(mrns),))).fetchall()
        facts = [self.codec.decode(bytes(row["fact"])) for row in rows]
        accepted = [fact for fact in facts if isinstance(fact, DeclarationAccepted)]
        sources = [source.message_id for fact in accepted if fact.amended_at is not None for source in fact.sources]
        by = await self.messages(connection, sources)
        amended = {fact.mrn: [by[s.message_id] for s in fact.sources if s.message_id in by] for fact in accepted}
        return {fact.mrn: Version(fact, tuple(amended[fact.mrn])) for fact in accepted}

    async def messages(self, connection: Connection, ids: Sequence[str]) -> dict[str, Logged]:
        """Messages of the log, read again from their exact bytes."""
        rows = await (await connection.execute(_MESSAGES, (Texts(ids),))).fetchall() if ids else []
        return {row["id"]: await self._logged(row) for row in rows}

    async def lock_acceptances(self, connection: Connection, mrns: Sequence[Mrn]) -> dict[Mrn, bool]:
        """Hold these MRNs until the end of the transaction, taken in order; those that are accepted already.

        True for one that customs has only registered. That is asked after the lock: who held it may just have told.
        """
        rows = await (await connection.execute(_LOCK_ACCEPTANCES, (Texts(mrns),))).fetchall()
        by_message = {row["message_id"]: Mrn(row["mrn"]) for row in rows if row["message_id"] is not None}
        if not by_message:
            return {}
        told = await (await connection.execute(_KINDS_OF, (Texts(by_message),))).fetchall()
        registered = {by_message[row["id"]] for row in told if row["kind"] == REGISTRATION}
        return {mrn: mrn in registered for mrn in by_message.values()}

    async def update(self, connection: Connection, outcomes: Sequence[Outcome]) -> None:
        """Store what became of messages, and which MRNs are accepted now."""
        await connection.execute(_UPDATE, _columns([self.became(outcome) for outcome in outcomes]))
        # Of several facts about one MRN the last counts: the version in force, or that its goods were presented.
        # An amendment by pointers is no version of its own.
        told_last = {
            o.fact.mrn: o.id for o in outcomes if o.fact is not None and not isinstance(o.fact, DeclarationAmended)
        }
        if told_last:
            await connection.execute(_ACCEPT, _transposed([*told_last.items()]))

    async def _logged(self, row: DictRow) -> Logged:
        try:
            reading = await self.intake.read(bytes(row["body"]), row["media_type"], row["charset"])
        except Refused as error:
            raise Corrupt(f"message {row['id']} in the log cannot be read any more: {error}") from error
        return Logged(
            id=row["id"],
            party=row["party"],
            sha256=row["sha256"],
            received_at=row["received_at"],
            reading=reading,
            closed=isinstance(reading.statement, Lodged | Amended) and row["state"] == State.APPLIED,
            stated=row.get("fact_id") is not None,
        )

    def became(self, outcome: Outcome) -> dict[str, Any]:
        """The columns of what became of a message. Refused 413 when its fact is too large for a record."""
        fact = outcome.fact
        try:
            value = None if fact is None else self.codec.encode(fact)
        except Rejected as error:
            fault = Fault("", "fact.too-large", str(error))
            raise Refused(413, "What the message says is too large to be carried", (fault,)) from error
        return {
            "id": outcome.id,
            "state": outcome.state.value,
            "note": outcome.note,
            "shipment": outcome.shipment,
            "fact_id": outcome.fact_id,
            "fact_type": None if fact is None else fact.SCHEMA,
            "fact": value,
            "open": outcome.open,
        }


def _received(submission: Submission) -> dict[str, Any]:
    reading = submission.reading
    return {
        "id": submission.id,
        "party": submission.party,
        "identity": json.dumps(submission.identity),
        "message_id": reading.message_id,
        "system": reading.system,
        "kind": reading.kind,
        "mrn": reading.mrn,
        "lrn": reading.lrn,
        "declarant": reading.declarant,
        "media_type": submission.media_type,
        "charset": submission.charset,
        "body": submission.body,
        "sha256": submission.sha256,
        "warnings": json.dumps(warnings_of(reading)),
        "amends": reading.amends,
    }


def warnings_of(reading: Reading) -> list[dict[str, str]]:
    """What was noticed about a message that is acceptable, as it is stored and told."""
    return [{"path": w.path, "code": w.code, "detail": w.detail} for w in reading.warnings]


_KINDS: Final[Mapping[str, type[Texts | Bytes | Flags]]] = {"body": Bytes, "fact": Bytes, "open": Flags}


def _columns(rows: Sequence[dict[str, Any]]) -> dict[str, Texts | Bytes | Flags]:
    return {name: _KINDS.get(name, Texts)(row[name] for row in rows) for name in rows[0]}


def _transposed(rows: Sequence[tuple[str, ...]]) -> list[Texts]:
    return [Texts(column) for column in zip(*rows, strict=True)]
