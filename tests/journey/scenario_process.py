"""The demo's scenario as a person runs it: processes, a state directory, a summary on the last line."""

import asyncio
import json
import os
import re
import signal
import sys
from asyncio.subprocess import PIPE, Process
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


@dataclass
class Place:
    """A state directory and a port: one installation with its own engines."""

    state: Path
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def environment(self) -> dict[str, str]:
        own = {"TOLBRUG_STATE": str(self.state), "TOLBRUG_HTTP__PORT": str(self.port), "TOLBRUG_URL": self.url}
        # As from a person's shell: `make test` may be what runs these tests.
        return {k: v for k, v in os.environ.items() if k not in {"MAKEFLAGS", "MAKELEVEL", "MFLAGS"}} | own

    async def start(self, *command: str) -> Process:
        """`tolbrug …`, or `make …`, in a process group of its own."""
        program = list(command) if command[0] == "make" else [sys.executable, "-m", "services.cli", *command]
        return await asyncio.create_subprocess_exec(
            *program, cwd=ROOT, env=self.environment(), stdout=PIPE, start_new_session=True
        )

    async def finish(self, process: Process, timeout_s: float) -> tuple[int, str]:
        """Exit code and output."""
        try:
            output, _ = await asyncio.wait_for(process.communicate(), timeout_s)
        except TimeoutError:
            os.killpg(process.pid, signal.SIGTERM)
            output, _ = await process.communicate()
            pytest.fail(f"not finished in {timeout_s} s:\n{output.decode()}")
        return process.returncode or 0, output.decode()

    async def ready(self, timeout_s: float = 60) -> None:
        """Until the services answer that they are ready."""
        async with asyncio.timeout(timeout_s), httpx.AsyncClient(base_url=self.url) as client:
            while True:
                try:
                    if (await client.get("/readyz")).status_code == 200:
                        return
                except httpx.HTTPError:
                    pass
                await asyncio.sleep(0.1)

    async def folded(self, fold: str, records: int, timeout_s: float = 60) -> None:
        """Until a fold has handled so many records."""
        wanted = re.compile(rf'tolbrug_records_in_total{{fold="{re.escape(fold)}"}} ([0-9.e+]+)')
        async with asyncio.timeout(timeout_s), httpx.AsyncClient(base_url=self.url) as client:
            while True:
                found = wanted.search((await client.get("/metrics")).text)
                if found and float(found[1]) >= records:
                    return
                await asyncio.sleep(0.05)

    async def stop_engines(self) -> None:
        await self.finish(await self.start("stop"), 30)


def summary(output: str) -> dict[str, Any]:
    """The JSON object on the last line."""
    parsed: dict[str, Any] = json.loads(output.strip().splitlines()[-1])
    return parsed
