"""Many licences in one request: each is judged as if it had come alone, and has a line in the answer.

Licences are read and entered in groups; a group shares one transaction, with the groups of other requests that are
ready, and its lines are sent once that is durable.
"""

import asyncio
from collections import Counter as Tally
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial
from hashlib import sha256
from typing import Any, BinaryIO, Final

from fastapi import Request, Response
from prometheus_client import Counter

from services.core.errors import Fault, Refused, Rejected
from services.core.messages import Licence
from services.licensing.adapters.acting import acting_party
from services.licensing.adapters.answers import now, registered
from services.licensing.adapters.faults import NOT_ACCEPTABLE, Authorities
from services.licensing.adapters.import_rows import ENTRIES, FileEntry
from services.licensing.adapters.issuing import issuing_document
from services.licensing.adapters.planning import Planning
from services.licensing.adapters.register import Outcome, Register
from services.licensing.domain.rights import ActingParty, Right, objection_to
from services.licensing.handlers import IssueLicence, terms_of
from services.runtime.admission import Full
from services.runtime.body import spool_body
from services.runtime.bulk import Groups, refusal_line
from services.runtime.database import Connection, Database
from services.runtime.lines import Lines

AT_ONCE: Final = 4
"""Bodies that a process works on; more are told to come later."""
GROUP: Final = 250
GROUP_BYTES: Final = 2 * 1024 * 1024
LARGEST: Final = 64 * 1024 * 1024
IN_A_ROW: Final = 10
"""Licences that are judged before others have their turn."""

IMPORTED = Counter("tolbrug_licensing_imported_total", "Licences that came with others.", ["media_type", "answer"])

Batch = Sequence[IssueLicence]
Answers = Sequence[Outcome | Exception]
Apply = Callable[[Connection, Sequence[Batch], Sequence[str | None]], Any]

SubmitBatch = Callable[[Batch], Awaitable[Answers]]


def applying(register: Register) -> Apply:
    """`apply` of a group commit whose requests are batches; what is asked of the register is the same."""

    async def apply(connection: Connection, batches: Sequence[Batch], traces: Sequence[str | None]) -> list[Answers]:
        spread = [trace for batch, trace in zip(batches, traces, strict=True) for _ in batch]
        answers = iter(await register.apply(connection, [one for batch in batches for one in batch], spread))
        return [[next(answers) for _ in batch] for batch in batches]

    return apply


class Import:
    """Takes such bodies for one register."""

    def __init__(self, submit: SubmitBatch, register: Register, database: Database, authorities: Authorities) -> None:
        self._submit = submit
        self._register = register
        self._database = database
        self._authorities = authorities
        self._planning = Planning(database)
        self._working = 0

    async def receive(self, request: Request, first_line: int | None, *, dry_run: bool) -> Response:
        """The answer, a line for each licence in order. Refused when not even the first can be looked at; or Full."""
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type not in ENTRIES:
            raise Refused(415, f"The body must be one of {', '.join(ENTRIES)}, and say so in Content-Type")
        if self._working >= AT_ONCE:
            raise Full("enough bodies of many licences are worked on")
        self._working += 1
        file: BinaryIO | None = None
        try:
            file, _ = await spool_body(request, LARGEST, "body of many licences")
            entries = Groups(ENTRIES[media_type](file, first_line), GROUP, GROUP_BYTES, lambda entry: entry.size)
            first = await entries.first()
        except BaseException:
            self._done(file)
            raise
        take = _DryRun(self._register, self._database).take if dry_run else self._take
        judge = partial(self._judge, party=acting_party(request))
        return Lines(self._lines(media_type, first, entries, judge, take), lambda: self._done(file))

    def _done(self, file: BinaryIO | None) -> None:
        self._working -= 1
        if file is not None:
            file.close()

    async def _lines(
        self,
        media_type: str,
        group: Sequence[FileEntry],
        entries: Groups[FileEntry],
        judge: Callable[[Sequence[FileEntry]], Awaitable[list[IssueLicence | Exception]]],
        take: Callable[[Batch], Any],
    ) -> AsyncIterator[Sequence[dict[str, Any]]]:
        while group:
            judged = await judge(group)
            good = [one for one in judged if isinstance(one, IssueLicence)]
            answers = iter(await take(good) if good else ())
            lines = [
                _line(entry, one, next(answers) if isinstance(one, IssueLicence) else one)
                for entry, one in zip(group, judged, strict=True)
            ]
            for status, count in Tally(line["status"] for line in lines).items():
                IMPORTED.labels(media_type, _OUTCOMES.get(status, "refused")).inc(count)
            yield lines
            group = await entries.next()
        if entries.failure is not None:
            yield [refusal_line({}, entries.failure)]
        await self._planning.keep_up()

    async def _judge(self, group: Sequence[FileEntry], party: ActingParty | None) -> list[IssueLicence | Exception]:
        """By the door's rules, letting others in between. `party`: whose authority they must be of."""
        judged: list[IssueLicence | Exception] = []
        at = now()
        for number, entry in enumerate(group):
            if number % IN_A_ROW == 0:
                await asyncio.sleep(0)
            try:
                judged.append(_own(issuing_document(_sound(entry.document), self._authorities, at), party))
            except Exception as error:  # noqa: BLE001 - it is this licence's, and said in its line
                judged.append(error)
        return judged

    async def _take(self, batch: Batch) -> Answers:
        try:
            answers = await self._submit(batch)
        except Rejected as error:
            # One of them makes no message that can be written: which is found out one by one.
            if len(batch) == 1:
                return [Refused(422, NOT_ACCEPTABLE, (Fault("", "unwritable", str(error)),))]
            return [(await self._take([one]))[0] for one in batch]
        except Exception as error:  # noqa: BLE001 - said in the line of each
            return [error] * len(batch)
        self._planning.entered(answers)
        return answers


class _DryRun:
    """Says of each licence what would become of it, also when the body itself brings its reference twice."""

    def __init__(self, register: Register, database: Database) -> None:
        self._register = register
        self._database = database
        self._seen: dict[str, bytes] = {}

    async def take(self, batch: Batch) -> Answers:
        try:
            async with self._database.connection() as connection:
                answers = await self._register.judge(connection, batch)
        except Exception as error:  # noqa: BLE001 - said in the line of each
            return [error] * len(batch)
        return [self._after(one.licence, answer) for one, answer in zip(batch, answers, strict=True)]

    def _after(self, licence: Licence, answer: Outcome | Exception) -> Outcome | Exception:
        if isinstance(answer, Exception) or not answer.outputs:
            return answer
        terms = sha256(terms_of(licence).avro()).digest()
        if self._seen.setdefault(licence.ref, terms) == terms:
            return answer
        detail = f"{licence.ref} stands above with other content"
        return Refused(409, "Another licence has this reference", (Fault("/ref", "ref-taken", detail),))


def _own(asked: IssueLicence, party: ActingParty | None) -> IssueLicence:
    if party is not None and (refused := objection_to(party, Right.LICENSE, asked.licence.authority)):
        raise refused
    return asked


def _sound(document: Any) -> Any:
    if isinstance(document, Refused):
        raise document
    return document


def _line(entry: FileEntry, asked: IssueLicence | Exception, answer: Outcome | Exception) -> dict[str, Any]:
    ref = asked.licence.ref if isinstance(asked, IssueLicence) else _stated_ref(entry.document)
    place = {"line": entry.line, "ref": ref}
    if not isinstance(answer, Exception):
        return {**place, "ref": registered(answer).ref, "status": 201 if answer.outputs else 200}
    if isinstance(answer, Refused) and not isinstance(entry.document, Refused):
        faults = tuple(replace(fault, path=entry.place(fault.path)) for fault in answer.faults)
        answer = Refused(answer.status, answer.title, faults)
    return refusal_line(place, answer)


def _stated_ref(document: Any) -> str | None:
    ref = document.get("ref") if isinstance(document, dict) else None
    return ref[:60] if isinstance(ref, str) else None


_OUTCOMES: Final = {200: "repeat", 201: "taken", 503: "retry"}
