"""How the interpreter looks after memory and threads in a process that holds much for long and must answer soon."""

import ctypes
import gc
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

TURN_S: Final = 0.0005
"""Python's own is 5 ms: each time the event loop has something to do it would wait so long for a thread that works."""
LARGE: Final = 256 * 1024
"""Bytes of a block that is given back to the system as soon as it is free."""
ARENAS: Final = 2

_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8
"""Names of glibc's malloc.h."""


def take_short_turns() -> None:
    """Threads that work beside the event loop (a large message is read by one) let it go on soon."""
    sys.setswitchinterval(TURN_S)


def give_back_large_blocks() -> bool:
    """Bodies of megabytes leave no holes behind; False where the C library is another than glibc, which needs asking.

    By itself it learns from the first large block that is freed to keep all that size, in a heap for each thread.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    library = ctypes.CDLL(None)
    return bool(library.mallopt(_M_MMAP_THRESHOLD, LARGE)) and bool(library.mallopt(_M_ARENA_MAX, ARENAS))


@contextmanager
def looking_for_no_cycles() -> Iterator[None]:
    """While modules are imported: what they make stays, and to go through it all the time is a fifth of a start."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def look_for_cycles_rarely() -> None:
    """What the start has made stays, and is not gone through again and again: that took a third of all CPU time.

    What requests and records leave behind is freed by its reference counts; cycles among it are few, and messages and
    aggregates, in hand by the ten thousand, hold none.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
