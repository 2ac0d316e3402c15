"""Many messages in one request, for catching up: each is taken as if it had come alone, and has a line in the answer.

Messages are read and registered in small groups, through the same group commit as those that come alone, and the
lines of a group are sent once it is durable.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, BinaryIO, Final

from fastapi import Request, Response
from prometheus_client import Counter

from services.core.errors import Refused
from services.customs.adapters.http import views
from services.customs.adapters.http.archives import FORMATS, PACKED, Member
from services.customs.adapters.intake import Intake, Submission, sniffed
from services.customs.adapters.register import Receipt, count
from services.runtime.admission import Full
from services.runtime.body import spool_body
from services.runtime.bulk import Groups, refusal_line
from services.runtime.group_commit import GroupCommit
from services.runtime.lines import Lines

AT_ONCE: Final = 4
"""Bodies of many messages that a process works on; more are told to come later."""
GROUP: Final = 50
GROUP_BYTES: Final = 2 * 1024 * 1024

BULK = Counter("tolbrug_customs_bulk_messages_total", "Messages that came with others.", ["media_type", "answer"])

Line = Mapping[str, Any]


class Bulk:
    """Takes such bodies for one intake."""

    def __init__(self, intake: Intake, commit: GroupCommit[Submission, Receipt]) -> None:
        self._intake = intake
        self._commit = commit
        self._working = 0

    async def receive(self, request: Request, party: str, media_type: str, *, packed: bool) -> Response:
        """The answer, a line for each message in order. Refused when not even the first can be looked at; or Full."""
        if self._working >= AT_ONCE:
            raise Full("enough bodies of many messages are worked on")
        self._working += 1
        file: BinaryIO | None = None
        try:
            file, size = await spool_body(request, PACKED, "body of many messages")
            members = Groups(FORMATS[media_type](file, size, packed=packed), GROUP, GROUP_BYTES, _size)
            first = await members.first()
        except BaseException:
            self._done(file)
            raise
        return Lines(self._lines(party, media_type, first, members), lambda: self._done(file))

    def _done(self, file: BinaryIO | None) -> None:
        self._working -= 1
        if file is not None:
            file.close()

    async def _lines(
        self, party: str, media_type: str, group: Sequence[Member], members: Groups[Member]
    ) -> AsyncIterator[Sequence[Line]]:
        while group:
            answers = await self._take(party, group)
            for answer in answers:
                BULK.labels(media_type, _outcome(answer)).inc()
            yield answers
            group = await members.next()
        if members.failure is not None:
            yield [refusal_line({}, members.failure)]

    async def _take(self, party: str, group: Sequence[Member]) -> list[Line]:
        """Read one after another, letting others in between, then register together."""
        submissions: list[Submission | Exception] = []
        for member in group:
            submissions.append(await self._read(party, member))
            await asyncio.sleep(0)
        answers = await asyncio.gather(*map(self._register, submissions))
        return [{**member.place, **answer} for member, answer in zip(group, answers, strict=True)]

    async def _read(self, party: str, member: Member) -> Submission | Exception:
        if isinstance(member.content, Refused):
            return member.content
        try:
            return await self._intake.submission(party, member.content, sniffed(member.content), None)
        except Exception as error:  # noqa: BLE001 - it is this message's, and said in its line
            return error

    async def _register(self, submission: Submission | Exception) -> Line:
        if isinstance(submission, Exception):
            return refusal_line({}, submission)
        try:
            receipt = await self._commit.submit(submission)
        except Exception as error:  # noqa: BLE001 - as above
            return refusal_line({}, error)
        count(submission, receipt)
        return {"status": 200 if receipt.duplicate else 202, **views.taken(receipt)}


def _size(member: Member) -> int:
    return len(member.content) if isinstance(member.content, bytes) else 0


_OUTCOMES: Final[Mapping[int, str]] = {200: "repeat", 202: "taken", 503: "retry"}


def _outcome(answer: Line) -> str:
    return _OUTCOMES.get(answer["status"], "refused")
