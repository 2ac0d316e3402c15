"""Tells stories: each step in its order, each answer compared with what is right, many stories side by side."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar
from urllib.parse import quote

from services.core.values import LicenceRef
from services.simulator.client import IN_FLIGHT, Answer, Doors
from services.simulator.declarations import Format
from services.simulator.dossiers import Dossier, outcome_of
from services.simulator.expectations import Difference
from services.simulator.keys import Key
from services.simulator.reports import Figures, Report
from services.simulator.steps import ACCEPTED, Authorise, Await, Compare, Issue, Send, Settle, Story, Tell

T = TypeVar("T")

HOLD_SECONDS = 20
"""How long a door may hold an answer back."""
PATIENCE_SECONDS = 60.0
SPENT_PATIENCE_SECONDS = 2.0
"""Once something did not come in time: the rest is looked at, not waited for."""
PAUSE_SECONDS = 0.1


class Tally:
    """What was sent and how it was answered. A repeat planned as such counts as one, whatever was sent before."""

    def __init__(self) -> None:
        self.by_format: Counter[Format] = Counter()
        self.by_answer: Counter[str] = Counter()
        self.differences: list[Difference] = []
        self.patience_seconds = PATIENCE_SECONDS

    @property
    def hold_seconds(self) -> int:
        return int(min(HOLD_SECONDS, self.patience_seconds))

    def late(self, what: str, expected: str) -> None:
        """Something did not come in time: one long wait is enough to know that it will not."""
        self.patience_seconds = SPENT_PATIENCE_SECONDS
        self.differ(what, expected, "not in time")

    def differ(self, what: str, expected: str, came: str) -> None:
        self.differences.append(Difference(what, expected, came))


async def tell(story: Story, doors: Doors, tally: Tally, advance: Callable[[], None]) -> None:
    """Play a story to its end; `advance` is called after each message."""
    telling = _Telling(doors, tally)
    for step in story.steps:
        match step:
            case Send():
                await telling.send(step)
                advance()
            case Settle():
                await telling.settle()
            case Await():
                await telling.wait(step)
            case Issue():
                await telling.issue(step)
            case Authorise(key):
                await authorise(doors, tally, key)
            case Tell(report):
                await report_use(doors, tally, report)
            case Compare(figures):
                await compare(doors, tally, figures)


class _Telling:
    def __init__(self, doors: Doors, tally: Tally) -> None:
        self._doors = doors
        self._tally = tally
        self._unsettled: list[str] = []
        self._for_the_first_time = True

    async def send(self, step: Send) -> None:
        message = step.message
        answer = await self._doors.post("/v1/customs/messages", message.body, message.content_type)
        self._tally.by_format[message.format] += 1
        what = f"answer to {message.kind} {message.id}"
        if answer.status not in step.answers:
            self._tally.by_answer["unexpected"] += 1
            self._tally.differ(what, " or ".join(map(str, step.answers)), f"{answer.status} {answer.body}")
        elif answer.status not in ACCEPTED:
            self._tally.by_answer["malformed" if answer.status == 400 else "conflicting"] += 1
        elif step.repeat:
            self._tally.by_answer["repeated"] += 1
            if answer.body.get("duplicate") is not True:
                self._tally.differ(what, "duplicate", str(answer.body))
        else:
            self._tally.by_answer["accepted"] += 1
            self._for_the_first_time &= answer.status == 202
            self._unsettled.append(answer.body["id"])

    async def settle(self) -> None:
        for one in self._unsettled:
            await applied(self._doors, self._tally, one)
        self._unsettled.clear()

    async def wait(self, step: Await) -> None:
        """A verdict that was overtaken is only looked at when nothing was played before: then it cannot have been."""
        path = f"/v1/customs/declarations/{step.mrn}/verdict"

        async def ask() -> str | None:
            answer = await self._doors.get(path, self._tally.hold_seconds, version=step.version)
            verdict = answer.body.get("verdict")
            return None if answer.status == 404 or verdict == "pending" else str(verdict)

        verdict = await until(ask, self._tally.patience_seconds)
        if verdict is None:
            self._tally.late(f"first verdict of {step.mrn}", step.verdict)
        elif verdict != step.verdict and self._for_the_first_time:
            self._tally.differ(f"first verdict of {step.mrn}", step.verdict, verdict)

    async def issue(self, step: Issue) -> None:
        answer = await issue(self._doors, step.licence.body())
        if answer.status not in (200, 201):
            self._tally.differ(f"issue of {step.licence.ref}", "201", f"{answer.status} {answer.body}")
            return
        await in_ledger(self._doors, self._tally, step.licence.ref, "issued")


async def issue(doors: Doors, body: dict[str, object]) -> Answer:
    """Publish a licence; the same again is answered 200."""
    return await doors.post_json("/v1/licences", body)


async def authorise(doors: Doors, tally: Tally, key: Key) -> None:
    """Enter what stands beside a licence, and wait until the ledger knows it."""
    answer = await doors.post_json(key.path, key.body())
    if answer.status not in (200, 201):
        tally.differ(f"{key.kind} {key.ref}", "201", f"{answer.status} {answer.body}")
        return

    async def ask() -> str | None:
        ledger = (await doors.get(f"/v1/ledger/licences/{quote(key.licence.ref)}")).body
        return next((of["ref"] for of in ledger.get("authorisations", ()) if of["ref"] == key.ref), None)

    if await until(ask, tally.patience_seconds) is None:
        tally.late(f"{key.kind} {key.ref} in the ledger", "there")


async def report_use(doors: Doors, tally: Tally, report: Report) -> None:
    """The holder reports, through the authority; the same again is answered 200."""
    answer = await doors.post_json(report.path, report.body())
    if answer.status not in (200, 201):
        tally.differ(f"report {report.name} on {report.licence.ref}", "201", f"{answer.status} {answer.body}")


async def compare(doors: Doors, tally: Tally, figures: Figures) -> None:
    """What is reported beside what customs saw, once the ledger knows both."""
    came = ""

    async def ask() -> str | None:
        nonlocal came
        came = figures.came((await doors.get(figures.path, 0, **figures.days())).body)
        return came if came == figures.expected() else None

    if await until(ask, tally.patience_seconds) is None:
        tally.late(f"comparison of {figures.licence.ref} ({came})", figures.expected())


async def work_on(doors: Doors, tally: Tally, dossier: Dossier) -> None:
    """Take all steps of a dossier, and compare what it came to with the plan."""
    for one in dossier.requests():
        answer = await doors.post_json(one.path, one.body, **{"Acting-For": one.acting_for})
        if answer.status not in one.answers:
            what = f"{one.body.get('step', 'opening')} of {dossier.ref}"
            tally.differ(what, " or ".join(map(str, one.answers)), f"{answer.status} {answer.body}")
    came = outcome_of((await doors.get(f"/v1/dossiers/{dossier.ref}")).body)
    for name, expected in dossier.expected().items():
        if came.get(name) != expected:
            tally.differ(f"{name} of {dossier.ref}", expected, str(came.get(name)))


async def in_ledger(doors: Doors, tally: Tally, ref: LicenceRef, status: str) -> None:
    """Wait until the ledger knows a licence in this status: what is declared after that is judged by it."""

    async def ask() -> str | None:
        answer = await doors.get(f"/v1/ledger/licences/{quote(ref)}")
        return status if answer.body.get("status") == status else None

    if await until(ask, tally.patience_seconds) is None:
        tally.late(f"{ref} in the ledger", status)


async def applied(doors: Doors, tally: Tally, message: str) -> None:
    """Wait until everything a message leads to is committed."""
    path = f"/v1/customs/messages/{message}"

    async def ask() -> str | None:
        state = str((await doors.get(path, tally.hold_seconds)).body.get("state"))
        return state if state in ("applied", "dead-lettered") else None

    state = await until(ask, tally.patience_seconds)
    if state is None:
        tally.late(f"message {message}", "applied")
    elif state != "applied":
        tally.differ(f"message {message}", "applied", state)


async def until(ask: Callable[[], Awaitable[str | None]], patience_seconds: float) -> str | None:
    """Ask until there is an answer; null when there is none in time."""
    loop = asyncio.get_running_loop()
    end = loop.time() + patience_seconds
    while True:
        if (answer := await ask()) is not None:
            return answer
        if loop.time() > end:
            return None
        await asyncio.sleep(PAUSE_SECONDS)


async def side_by_side(things: Iterable[T], do: Callable[[T], Awaitable[None]], *, at_once: int = IN_FLIGHT) -> None:
    """Do it for each, started in order, at most so many at once; the first error ends all."""
    waiting = iter(things)

    async def worker() -> None:
        for thing in waiting:
            await do(thing)

    async with asyncio.TaskGroup() as group:
        for _ in range(at_once):
            group.create_task(worker())
