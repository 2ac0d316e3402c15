"""Services in a process of their own that a test can kill: `python -m tests.integration.service_process NAME…`."""

import asyncio
import sys
from importlib import import_module

from services.runtime.memory import looking_for_no_cycles
from services.runtime.process import Process, stop_on_signals
from services.runtime.settings import RuntimeSettings
from services.runtime.telemetry import configure_logging


async def main(*names: str) -> None:
    configure_logging("WARNING")
    with looking_for_no_cycles():
        modules = [import_module(f"services.{name}.wiring") for name in names]
    process = Process(RuntimeSettings(), [module.build for module in modules])
    stop_on_signals(process)
    await process.run(lambda url: print(f"ready {url}", flush=True))  # noqa: T201 - the test reads it


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
