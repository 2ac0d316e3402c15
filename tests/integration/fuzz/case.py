"""One case of the campaign from its number: `python -m tests.integration.fuzz.case SEED NUMBER` writes it to stdout."""

import sys
from collections.abc import Callable
from functools import cache
from random import Random
from typing import TypeVar

from tests.integration.fuzz import bytewise, hostile, request, treewise
from tests.integration.fuzz.corpus import Real, families
from tests.integration.fuzz.request import Request
from tests.integration.fuzz.wire import written

BLOCK = 64
"""Cases that speak of the same few shipments, so that what is accepted of them meets again."""
FAMILIES = 5
KEYED = 0.7
"""Share with a key of its own; the others are recognised by what their bytes say."""

T = TypeVar("T")

Damage = Callable[[Random, Real, bytes], bytes]
Dress = Callable[[Random, Request], None]

DAMAGES: tuple[tuple[Damage, float], ...] = (
    (bytewise.bytewise, 24),
    (treewise.treewise, 46),
    (bytewise.encoded, 12),
    (bytewise.spliced, 3),
    (hostile.entities, 4),
    (hostile.deep, 0.1),
    (hostile.wide, 0.1),
    (hostile.long, 0.05),
    (lambda _random, _real, body: body, 8),
)
DRESSES: tuple[tuple[Dress, float], ...] = (
    (request.typed, 4),
    (request.headed, 4),
    (request.framed, 2),
    (request.garbled, 1),
    (request.zipped, 2),
    (request.elsewhere, 1),
    (request.slow, 0.2),
    (request.huge, 0.02),
    (lambda _random, _request: None, 84),
)


def case(seed: int, number: int) -> Request:
    """The same request for the same numbers, and the same corpus."""
    random = Random(f"{seed}/{number}")
    block = f"{seed}/{number // BLOCK}"
    real = random.choice(random.choice(_families_of(block)))
    body = real.of(block)
    damage = _one(random, DAMAGES)
    body = damage(random, real, body)
    if random.random() < 0.15:
        body = bytewise.bytewise(random, real, body)
    made = Request(number, body, real.media_type.encode(), [real.name, _name(damage)])
    if random.random() < KEYED:
        made.headers.append((b"Idempotency-Key", f"fuzz-{seed}-{number}".encode()))
    dress = _one(random, DRESSES)
    dress(random, made)
    made.what.append(_name(dress))
    return made


@cache
def _families_of(block: str) -> list[tuple[Real, ...]]:
    return Random(block).sample(families(), FAMILIES)


def _one(random: Random, weighted: tuple[tuple[T, float], ...]) -> T:
    return random.choices([one for one, _ in weighted], [weight for _, weight in weighted])[0]


def _name(made: Callable[..., object]) -> str:
    return made.__name__.replace("<lambda>", "-")


if __name__ == "__main__":
    for part, _ in written(case(int(sys.argv[1]), int(sys.argv[2]))):
        sys.stdout.buffer.write(part)
