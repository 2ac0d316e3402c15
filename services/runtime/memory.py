"""How the interpreter looks after memory in a process that holds much of it for long."""

import gc


def look_for_cycles_rarely() -> None:
    """What is in hand by the ten thousand, messages and aggregates, holds no cycles: looking through all of it again
    and again took a tenth of a fold's time and found nothing. What is there at the start stays and is not looked at.
    """
    gc.freeze()
    gc.set_threshold(50_000, 50, 100)
