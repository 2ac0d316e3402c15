"""`tolbrug demo`: everything in one process, and a player beside it; `tolbrug play`: the player alone."""

import asyncio
import os
import sys
from typing import Annotated

import typer

from services.cli.console import DEFAULT_URL, AsJson, Url, remark, remarks, show
from services.cli.serving import Ready, log_to, run, serve
from services.cli.up import Port, with_port
from services.runtime.settings import RuntimeSettings

Once = Annotated[bool, typer.Option("--once", help="End after the summary instead of staying up.")]
Seed = Annotated[int | None, typer.Option(help="Another scenario; the same seed is always the same.")]


def demo(*, once: Once = False, seed: Seed = None, port: Port = None, as_json: AsJson = False) -> None:
    """Start engines and services, play a scenario against the doors, and say what came of it.

    Exits with 0 when everything came out as planned, else with 1. Stays up until Ctrl-C, unless --once.
    """
    from services.cli.services import SERVICES

    settings = with_port(RuntimeSettings(), port)
    log = settings.state / "logs" / "services.log"
    log_to(settings, log)
    remark(f"Starting Kafka, PostgreSQL and {len(SERVICES)} services (data in {settings.state}, log in {log})")
    player = _Player(once=once, options=_options(seed, as_json=as_json))

    async def main() -> None:
        try:
            await serve(settings, [entry.build for entry in SERVICES.values()], player.begin)
        finally:
            await player.end()

    run(main())
    raise typer.Exit(player.outcome)


def play(*, url: Url = DEFAULT_URL, seed: Seed = None, as_json: AsJson = False) -> None:
    """Play the scenario against services that run already. Playing it again changes nothing.

    Exits with 0 when everything came out as planned, else with 1.
    """
    from services.simulator.client import Unreachable
    from services.simulator.play import play as play_scenario
    from services.simulator.progress import Bars
    from services.simulator.scenario import DEFAULT_SEED
    from services.simulator.summary import Summary

    async def main() -> Summary:
        watching = asyncio.create_task(_end_with_parent())
        with Bars(remarks) as bars:
            summary = await play_scenario(url, seed=DEFAULT_SEED if seed is None else seed, progress=bars)
        watching.cancel()
        return summary

    try:
        summary = asyncio.run(main())
    except Unreachable as error:
        remark(f"The services do not answer: {error}", wrong=True)
        raise typer.Exit(1) from error
    started = {name: float(os.environ[key]) for name, key in STARTED.items() if key in os.environ}
    show(summary.body() | started, summary.rendered(), as_json=as_json)
    if not summary.as_expected:
        raise typer.Exit(1)


STARTED = {"engines_seconds": "TOLBRUG_DEMO_ENGINES_SECONDS", "services_seconds": "TOLBRUG_DEMO_SERVICES_SECONDS"}
"""How a demo tells its player what went before, for the summary."""


PARENT = "TOLBRUG_DEMO_PARENT"


async def _end_with_parent() -> None:
    """A player that a demo started does not go on when the demo was killed; one that a person started does."""
    parent = os.environ.get(PARENT)
    while parent is not None:
        if os.getppid() != int(parent):
            os._exit(1)
        await asyncio.sleep(0.5)


class _Player:
    """`tolbrug play` as a process of its own, so that the two sides do not share a core's time slice by slice.

    `outcome` is its exit code, 1 until it has one.
    """

    def __init__(self, *, once: bool, options: list[str]) -> None:
        self.outcome = 1
        self._once = once
        self._options = options
        self._task: asyncio.Task[None] | None = None

    def begin(self, ready: Ready) -> None:
        """Play; with `once`, stop the services when done."""
        self._task = asyncio.create_task(self._play(ready))

    async def end(self) -> None:
        """The player ends with the services."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _play(self, ready: Ready) -> None:
        seconds = dict(zip(STARTED.values(), (ready.engines_s, ready.services_s), strict=True))
        remark(f"Up at {ready.process.url}: engines in {ready.engines_s} s, services in {ready.services_s} s")
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "services.cli", "play", "--url", ready.process.url, *self._options),
            env=os.environ | {name: str(value) for name, value in seconds.items()} | {PARENT: str(os.getpid())},
        )
        try:
            self.outcome = await child.wait()
        finally:
            if child.returncode is None:
                child.terminate()
                await child.wait()
        if self._once:
            ready.process.stop()
        else:
            remark(f"Still up at {ready.process.url} · Ctrl-C ends")


def _options(seed: int | None, *, as_json: bool) -> list[str]:
    return [*([] if seed is None else ["--seed", str(seed)]), *(["--json"] if as_json else [])]
