"""What must hold of all that was taken: in the log as it was sent, decided or waiting, and no harm done by it."""

from dataclasses import dataclass

from services.core.messages import DeclarationAccepted, Verdict
from services.runtime.codec import Codec
from tests.integration.fuzz.judge import Judge
from tests.integration.fuzz.place import OTHERS, Place

MUST_BE_ZERO = (
    "tolbrug_ledger_draws_minus_columns",
    "tolbrug_ledger_entries_minus_columns",
    "tolbrug_ledger_revision_gaps",
    "tolbrug_customs_messages_unaccounted",
    "tolbrug_partitions_halted",
)
_LOG = (
    "SELECT id, encode(sha256(body), 'hex') AS digest, sha256, state, shipment, fact_id, fact_type FROM customs.message"
)


@dataclass(slots=True)
class Standing:
    """How many messages of the log stand where, and the ids of those on their way and of the dead."""

    decided: int
    waiting: int
    under_way: list[str]
    dead: list[str]


async def standing(place: Place) -> Standing:
    """From the tables alone: a message is decided when a verdict holds its effect, or when it needs none."""
    rows = await place.rows(_LOG)
    answers = {row["mrn"]: row for row in await place.rows("SELECT mrn, verdict, dead FROM customs.answer")}
    accepted = {row["shipment"] for row in rows if row["fact_type"] == DeclarationAccepted.SCHEMA}
    applied = {mrn: _applied(row["verdict"]) for mrn, row in answers.items()}
    found = Standing(0, 0, [], [])
    for row in rows:
        mrn, names = row["shipment"], {row["id"], row["fact_id"]}
        if row["fact_id"] is None:
            found.decided += row["state"] == "applied"
            found.waiting += row["state"] == "waiting"
            if row["state"] not in {"applied", "waiting"}:
                found.under_way.append(row["id"])
        elif names & applied.get(mrn, frozenset()):
            found.decided += 1
        elif mrn in answers and names & set(answers[mrn]["dead"]):
            found.dead.append(row["id"])
        elif mrn not in accepted:
            found.waiting += 1
        else:
            found.under_way.append(row["id"])
    return found


def _applied(verdict: bytes | None) -> frozenset[str]:
    return frozenset() if verdict is None else frozenset(Codec().decode_record(Verdict, bytes(verdict)).applied)


async def inspect(place: Place, judge: Judge) -> None:
    """Note what is not as it must be. The installation is at rest."""
    await _log(place, judge)
    for service in ("customs", *OTHERS):
        halted = await place.rows(f"SELECT fold, partition, halted FROM {service}.fold WHERE halted IS NOT NULL")  # noqa: S608 - names of ours
        judge.wrong += [f"{row['fold']}[{row['partition']}] is halted: {row['halted']}" for row in halted]
        dead = await place.rows(f"SELECT topic, key FROM {service}.output WHERE topic LIKE '%.dlq'")  # noqa: S608 - as above
        judge.wrong += [f"{service}: a record of {bytes(row['key'] or b'')!r} is on {row['topic']}" for row in dead]
    for name in MUST_BE_ZERO:
        for process in (place.door, place.others):
            if process.lives and await process.metric(name):
                judge.wrong.append(f"{name} is not 0 at {process.url}")
    if not (place.door.lives and place.others.lives):
        judge.wrong.append("a process has ended by itself")


async def _log(place: Place, judge: Judge) -> None:
    """Every message that was taken is in the log with its exact bytes."""
    logged = {row["id"]: row for row in await place.rows(_LOG)}
    for name, (digest, number) in judge.taken.items():
        row = logged.get(name)
        if row is None:
            judge.wrong.append(f"case {number} was taken as {name}, which is not in the log")
        elif row["digest"] != digest or row["sha256"] != digest:
            judge.wrong.append(f"case {number}: the log holds other bytes than were sent")
