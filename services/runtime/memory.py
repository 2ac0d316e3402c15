"""How the interpreter looks after memory in a process that holds much of it for long."""

import gc


def look_for_cycles_rarely() -> None:
    """What the start has made stays, and is not gone through again and again: that took a third of all CPU time.

    What requests and records leave behind is freed by its reference counts; cycles among it are few, and messages and
    aggregates, in hand by the ten thousand, hold none.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
