"""A service with one fold and one door, small enough to see what the runtime does with it.

The fold writes one entry per revision of a licence. Run as a process of its own, so that tests can kill it:
`python -m tests.integration.runtime.probe`.
"""

import asyncio
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

from fastapi import APIRouter

from services.core.decision import Decision
from services.core.errors import Corrupt, Refused, Rejected
from services.core.messages import (
    Entry,
    EntryCause,
    Ledger,
    Licence,
    LicenceType,
    Party,
    Requirements,
)
from services.core.values import LicenceRef
from services.runtime.database import Connection
from services.runtime.fold import Entries, FoldSpec
from services.runtime.group_commit import GroupCommit
from services.runtime.outbox import Outbox
from services.runtime.process import Process, stop_on_signals
from services.runtime.service import Runtime, Service
from services.runtime.settings import RuntimeSettings
from services.runtime.store import SnapshotStore
from services.runtime.telemetry import configure_logging

UNACCEPTABLE = "unacceptable"
POISON = "poison"
BROKEN = "broken"


def a_licence(ref: str, revision: int = 1, authority: str = "BE-VLG") -> Licence:
    return Licence(
        ref=LicenceRef(ref),
        revision=revision,
        type=LicenceType.INDIVIDUAL,
        authority=authority,
        holder=Party(name="Presses NV"),
        valid_from=date(2026, 1, 1),
        time_zone="Europe/Brussels",
        requires=Requirements(federal_authorisation=False, end_use_certificate=False, state_guarantee=False),
        changed_at=datetime(2026, 3, 1, 8, 0, tzinfo=UTC),
    )


def new(ref: str) -> Ledger:
    return Ledger(licence=LicenceRef(ref), revision=0, hash="", arrivals=0)


def count(state: Ledger, licence: Licence, now: datetime) -> Decision[Ledger]:
    """One entry per revision not seen before."""
    if licence.authority == POISON:
        raise Rejected("poison")
    if licence.authority == BROKEN:
        raise Corrupt("broken")
    if state.terms is not None and licence.revision <= state.terms.revision:
        return Decision(state)
    entry = Entry(
        licence=state.licence,
        revision=state.revision + 1,
        cause=EntryCause.LICENCE,
        cause_id=licence.identity,
        recorded_at=now,
        rule_set="none",
        terms=licence,
        previous_hash=state.hash,
        hash=f"{state.hash}/{licence.revision}"[-64:],
    )
    return Decision(apply(state, entry), (entry,))


def apply(state: Ledger, entry: Entry) -> Ledger:
    return replace(state, revision=entry.revision, hash=entry.hash, terms=entry.terms)


def fold_spec(runtime: Runtime) -> FoldSpec[Ledger]:
    return FoldSpec(
        service="probe",
        name="count",
        inputs=(Licence.TOPIC,),
        handlers={Licence: count},
        aggregate=lambda message: message.key,
        new=new,
        store=SnapshotStore("probe", "count", runtime.codec, Ledger, lambda s: s, lambda r: r),
        entries=Entries(Entry, apply, lambda state: state.revision, lambda _: 1),
    )


class Door:
    """`POST /licences/{ref}/{revision}` puts a licence into the outbox."""

    def __init__(self, runtime: Runtime) -> None:
        self.outbox = Outbox(runtime.database, "probe", runtime.codec)
        self.commits = GroupCommit[Licence, str](runtime.door, self._store, self.outbox.wake)

    async def _store(
        self, connection: Connection, licences: Sequence[Licence], traces: Sequence[str | None]
    ) -> list[str | Exception]:
        if any(licence.ref.startswith("explode") for licence in licences):
            raise RuntimeError("exploded")
        accepted = [(x, t) for x, t in zip(licences, traces, strict=True) if x.ref != UNACCEPTABLE]
        at = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
        await self.outbox.append(connection, [x for x, _ in accepted], at, [t for _, t in accepted])
        return [x.ref if x.ref != UNACCEPTABLE else Refused(422, "unacceptable") for x in licences]

    def router(self) -> APIRouter:
        router = APIRouter()

        @router.post("/licences/{ref}/{revision}", status_code=202)
        async def post(ref: str, revision: int) -> str:
            return await self.commits.submit(a_licence(ref, revision))

        return router


def build(runtime: Runtime) -> Service:
    door = Door(runtime)
    return Service(
        name="probe",
        topics=(Licence.TOPIC, Entry.TOPIC),
        routers=(door.router(),),
        folds=(fold_spec(runtime),),
        outboxes=(door.outbox,),
        loops={"commits": door.commits.run},
    )


def say_ready(url: str) -> None:
    sys.stdout.write(f"ready {url}\n")
    sys.stdout.flush()


async def main() -> None:
    configure_logging(os.environ.get("PROBE_LOG", "WARNING"))
    process = Process(RuntimeSettings(), [build])
    stop_on_signals(process)
    await process.run(say_ready)


if __name__ == "__main__":
    asyncio.run(main())
