"""What a bench says its processes have used."""

import asyncio
import sys
from asyncio.subprocess import PIPE

from services.cli.bench.place import Measured

BUSY = "import time\nwhile time.process_time() < 0.2: pass\nprint('done', flush=True)\ninput()"


async def test_what_a_process_used_counts_on_after_it_has_ended() -> None:
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", BUSY, stdin=PIPE, stdout=PIPE)
    measured = Measured([process])
    assert process.stdout is not None
    assert await process.stdout.readline() == b"done\n"
    seen = measured.usage().cpu_s
    await process.communicate(b"\n")
    assert seen >= 0.19
    assert measured.usage().cpu_s == seen
