"""Files in PostgreSQL: a file, all it asks of the register, and its answer are one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from services.core.errors import Fault, Refused, Rejected
from services.licensing.adapters.faults import NOT_ACCEPTABLE
from services.licensing.adapters.groups import lock
from services.licensing.adapters.lite.asking import Asked, ReplaceTerms
from services.licensing.adapters.lite.records import LicenceData
from services.licensing.adapters.lite.reply import Answer, answered
from services.licensing.adapters.register import Command, Register, load_licences, lock_name
from services.licensing.domain.lite import LiteExchange, out_of_order
from services.licensing.handlers import ChangeStatus
from services.runtime.database import Connection

_SAME = "SELECT answer FROM licensing.lite_file WHERE source = %s AND run = %s AND digest = %s"
_LAST = "SELECT run FROM licensing.lite_file WHERE source = %s ORDER BY position DESC LIMIT 1"
_KEEP = "INSERT INTO licensing.lite_file (source, run, digest, answer) VALUES (%s, %s, %s, %s)"


@dataclass(frozen=True, slots=True)
class EnterFile:
    """A file as it was judged. `digest`: of its bytes, by which it is known again."""

    file: LicenceData
    asked: Sequence[Asked]
    digest: bytes
    at: datetime


class LiteRegister:
    """Enters files in order of arrival. Each licence is decided alone; the next of a file sees what it left."""

    def __init__(self, register: Register, exchange: LiteExchange) -> None:
        self._register = register
        self._exchange = exchange

    async def apply(
        self, connection: Connection, files: Sequence[EnterFile], traces: Sequence[str | None]
    ) -> list[Answer | Exception]:
        # All at once and first: licences are locked in one order everywhere.
        refs = {ref for one in files for asked in one.asked for ref in asked.refs()}
        await lock(connection, {*map(lock_name, refs), *(f"licensing lite {one.file.source}" for one in files)})
        answers: list[Answer | Exception] = []
        for one, trace in zip(files, traces, strict=True):
            try:
                answers.append(await self._file(connection, one, trace))
            except Refused as refused:
                answers.append(refused)
        return answers

    async def _file(self, connection: Connection, one: EnterFile, trace: str | None) -> Answer:
        """The answer. Refused 409 for a file that is not the next one; nothing of it is then entered."""
        file = one.file
        row = await (await connection.execute(_SAME, (file.source, file.run, one.digest))).fetchone()
        if row is not None:
            return Answer(row["answer"], repeat=True)
        last = await (await connection.execute(_LAST, (file.source,))).fetchone()
        fault = out_of_order(file.run, None if last is None else last["run"], self._exchange.first_run)
        if fault is not None and not file.reset:
            raise Refused(409, "The file is not the next one", (fault,))
        outcomes = [await self._licence(connection, asked, trace) for asked in one.asked]
        content = answered(file, one.asked, outcomes, one.at)
        await connection.execute(_KEEP, (file.source, file.run, one.digest, Jsonb(content)))
        return Answer(content, repeat=False)

    async def _licence(self, connection: Connection, asked: Asked, trace: str | None) -> Refused | None:
        """None when it was taken."""
        if isinstance(asked.command, Refused):
            return asked.command
        try:
            async with connection.transaction():
                command = await self._command(connection, asked.command)
                (outcome,) = await self._register.apply(connection, [command], [trace])
        except Rejected as error:
            outcome = Refused(422, NOT_ACCEPTABLE, (Fault("", "unwritable", str(error)),))
        except Refused as refused:
            outcome = refused
        if isinstance(outcome, Refused):
            return asked.placed(outcome)
        if isinstance(outcome, Exception):
            raise outcome
        return None

    async def _command(self, connection: Connection, command: Any) -> Command:
        """Of the licence as it stands. A file changes those of its own authority: an amendment says whose it is."""
        if not isinstance(command, ReplaceTerms | ChangeStatus):
            asked: Command = command
            return asked
        ref = command.ref if isinstance(command, ChangeStatus) else command.body.ref
        known = (await load_licences(connection, [ref])).get(ref)
        if isinstance(command, ChangeStatus):
            if known is not None and known.current.authority != self._exchange.authority:
                fault = Fault("/ref", "other-authority", f"{ref} is of {known.current.authority}")
                raise Refused(403, "The licence is of another authority", (fault,))
            return command
        if known is None:
            raise Refused(404, "No such licence", (Fault("/ref", "licence-unknown", f"there is no licence {ref}"),))
        return command.amending(known.current)
