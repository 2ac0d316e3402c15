"""The life of a process: what must not end ends it, with the reason."""

import asyncio

import pytest

from services.core.errors import Fatal
from services.runtime.process import Process
from services.runtime.settings import RuntimeSettings
from tests.integration.runtime import probe


async def test_a_door_that_closes_by_itself_ends_the_process(runtime_settings: RuntimeSettings) -> None:
    process = Process(runtime_settings, [probe.build])
    ready = asyncio.Event()
    running = asyncio.create_task(process.run(lambda _url: ready.set()))
    await asyncio.wait_for(ready.wait(), 30)
    (http,) = (task for task in asyncio.all_tasks() if task.get_name() == "http")
    http.cancel()
    with pytest.raises(Fatal, match="HTTP server ended"):
        await asyncio.wait_for(running, 30)
