"""The state directory: one owner at a time, and nothing half made in it."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from services.core.errors import Fatal


@contextmanager
def owned(state: Path) -> Iterator[Path]:
    """Hold the directory (made when absent); gives its absolute path. Fatal while another process holds it.

    The system frees it when the process ends, however it ends.
    """
    state = state.absolute()
    (state / "logs").mkdir(parents=True, exist_ok=True)
    with (state / "owner").open("a+") as owner:
        try:
            fcntl.flock(owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            owner.seek(0)
            raise Fatal(
                f"Another tolbrug (pid {owner.read().strip() or 'unknown'}) runs the engines in {state}.\n"
                "Stop it first, or give this one its own directory: TOLBRUG_STATE=/some/other/directory"
            ) from error
        owner.truncate(0)
        owner.write(str(os.getpid()))
        owner.flush()
        yield state


@contextmanager
def made(directory: Path) -> Iterator[Path]:
    """A new directory that appears under its name only when the block succeeded."""
    partial = directory.with_name(directory.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        yield partial
        partial.rename(directory)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
