"""Senders whose messages are in order, at a steady rate beside the fuzz: `python -m …neighbours URL RATE SEED`.

In a process of their own, so that nothing but the door makes them wait. When its input ends it writes how long each
waited, from the moment it was due, as JSON.
"""

import asyncio
import json
import sys
import time
from collections import Counter
from random import Random
from urllib.parse import urlsplit

from tests.integration.fuzz.corpus import chosen, is_whole
from tests.integration.fuzz.request import Request
from tests.integration.fuzz.wire import Wire

FIRST = 20
"""Warm the connections and the door; they do not count."""


async def main(url: str, rate: float, seed: str) -> None:
    """Until the input ends."""
    address = urlsplit(url)
    wire, random = Wire(address.hostname or "", address.port or 0), Random(seed)
    messages, waits, answers = chosen(is_whole), list[float](), Counter[int]()
    ended = asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    begun, sent = time.perf_counter(), list[asyncio.Task[None]]()

    async def one(number: int, due: float) -> None:
        real = random.choice(messages)
        answer = await wire.ask(Request(number, real.of(f"{seed}/{number}"), real.media_type.encode()))
        answers[answer.status] += 1
        if number >= FIRST:
            waits.append(time.perf_counter() - due)

    while not ended.done():
        due = begun + len(sent) / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        sent.append(asyncio.create_task(one(len(sent), due)))
    await asyncio.gather(*sent)
    wire.close()
    print(json.dumps({"waits_s": waits, "answers": answers}), flush=True)  # noqa: T201 - the campaign reads it


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], float(sys.argv[2]), sys.argv[3]))
