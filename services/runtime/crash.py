"""Named places where a process may die. Tests set `TOLBRUG_CRASH_AT=name` and prove that nothing is lost or doubled.

`name:3` dies at the third passage; `name@place` only where that is: the fold `service.name`, or the service of a
relay or of webhooks.
Without the variable a passage costs one comparison.
"""

import os
import signal

POINTS = (
    "intake-before-commit",
    "intake-after-commit",
    "relay-after-publish",
    "fold-before-commit",
    "fold-after-commit",
    "fold-between-publish-and-mark",
    "reminder-before-commit",
    "reminder-after-commit",
    "webhook-before-post",
    "webhook-after-post",
)

_target, _, _count = os.environ.get("TOLBRUG_CRASH_AT", "").partition(":")
_name, _, _place = _target.partition("@")
_left = int(_count or 1)
if _name and _name not in POINTS:
    raise SystemExit(f"TOLBRUG_CRASH_AT={_target}: no such crash point, one of {', '.join(POINTS)}")


def crash_point(name: str, place: str = "") -> None:
    """Die here, as `kill -9` would, when the environment asks for this point."""
    if not _name or name != _name or (_place and place != _place):
        return
    global _left  # noqa: PLW0603 - the count of passages is the process's own
    _left -= 1
    if _left <= 0:
        os.kill(os.getpid(), signal.SIGKILL)
