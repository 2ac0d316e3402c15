"""The player: registers licences and refusals, tells all stories over HTTP, waits, and compares with the plan."""

import asyncio
from collections.abc import Awaitable

import httpx

from services.simulator.client import IN_FLIGHT, Doors
from services.simulator.outcome import collect
from services.simulator.progress import Progress, Silent
from services.simulator.scenario import DEFAULT_SEED, build_scenario
from services.simulator.steps import Scenario, Story
from services.simulator.storyteller import Tally, authorise, in_ledger, issue, side_by_side, tell, work_on
from services.simulator.summary import Summary

WAITING_AT_ONCE = 32
TRAFFIC_AT_ONCE = 6
CONNECTIONS = WAITING_AT_ONCE + IN_FLIGHT


async def play(base_url: str, *, seed: int = DEFAULT_SEED, progress: Progress | None = None) -> Summary:
    """Play the scenario of a seed against a running installation.

    Playing it again, or after it was broken off, gives the same summary but for the times. Unreachable when nobody
    answers for a minute.
    """
    limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
    async with httpx.AsyncClient(base_url=base_url, timeout=15, limits=limits, trust_env=False) as http:
        try:
            return await play_scenario(build_scenario(seed), Doors(http), base_url, progress or Silent())
        except BaseExceptionGroup as group:
            # Many stories meet the same silence; one of them tells it.
            raise first_cause(group) from None


async def play_scenario(scenario: Scenario, doors: Doors, base_url: str, progress: Progress) -> Summary:
    """Phase after phase, each measured."""
    loop = asyncio.get_running_loop()
    tally, seconds = Tally(), dict[str, float]()
    started = loop.time()
    phases = (
        ("refusals", _refusals),
        ("licences", _licences),
        ("declarations", _declarations),
        ("dossiers", _dossiers),
    )
    for name, run in phases:
        begun = loop.time()
        await run(scenario, doors, tally, progress)
        seconds[name] = round(loop.time() - begun, 2)
    begun = loop.time()
    outcome = await collect(scenario, doors, progress)
    seconds["settle"] = round(loop.time() - begun, 2)
    return outcome.summary(scenario, tally, seconds, round(loop.time() - started, 2), base_url.rstrip("/"))


def first_cause(error: BaseException) -> BaseException:
    """The first error inside nested groups."""
    return first_cause(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error


async def _licences(scenario: Scenario, doors: Doors, tally: Tally, progress: Progress) -> None:
    """All of them published and in the ledger before the first declaration."""
    progress.phase("licences", len(scenario.licences))

    async def publish(body: dict[str, object]) -> None:
        answer = await issue(doors, body)
        if answer.status not in (200, 201):
            tally.differ(f"issue of {body['ref']}", "201", f"{answer.status} {answer.body}")

    await side_by_side([licence.body() for licence in scenario.licences], publish)
    status = {licence.ref: "issued" for licence in scenario.licences}
    for step in scenario.statuses:
        answer = await doors.post_json(f"/v1/licences/{step.ref}/status", step.body())
        status[step.ref] = step.status
        if answer.status != 200:
            tally.differ(f"{step.status} of {step.ref}", "200", f"{answer.status} {answer.body}")
    await side_by_side(scenario.keys, lambda key: authorise(doors, tally, key))
    await side_by_side(status, lambda ref: _advanced(in_ledger(doors, tally, ref, status[ref]), progress))


async def _refusals(scenario: Scenario, doors: Doors, tally: Tally, progress: Progress) -> None:
    """First of all: every partition knows them once the licences are in the ledger."""
    progress.phase("refusals", len(scenario.refusals) + len(scenario.denials))
    for what, bodies in (("refusal", scenario.refusals), ("denial", scenario.denials)):
        for body in bodies:
            answer = await doors.post_json(f"/v1/{what}s", body)
            if answer.status not in (200, 201):
                tally.differ(f"{what} {body['ref']}", "201", f"{answer.status} {answer.body}")
            progress.advance()


async def _declarations(scenario: Scenario, doors: Doors, tally: Tally, progress: Progress) -> None:
    """Stories side by side, a bounded number at once; inside a story, one step after the other.

    Those that wait for answers have a lane of their own: everyday traffic is sent beside them, not in front of them.
    """
    progress.phase("declarations", len(scenario.sends))

    async def one(story: Story) -> None:
        await tell(story, doors, tally, progress.advance)

    waiting = [story for story in scenario.stories if story.waits]
    others = [story for story in scenario.stories if not story.waits]
    async with asyncio.TaskGroup() as group:
        group.create_task(side_by_side(waiting, one, at_once=WAITING_AT_ONCE))
        group.create_task(side_by_side(others, one, at_once=TRAFFIC_AT_ONCE))


async def _dossiers(scenario: Scenario, doors: Doors, tally: Tally, progress: Progress) -> None:
    """After the stories, in which what stands beside their licences was entered."""
    progress.phase("dossiers", len(scenario.dossiers))
    await side_by_side(scenario.dossiers, lambda one: _advanced(work_on(doors, tally, one), progress))


async def _advanced(work: Awaitable[None], progress: Progress) -> None:
    await work
    progress.advance()
