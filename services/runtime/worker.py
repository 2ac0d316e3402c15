"""The name of a process among all that ever worked on a fold: machine, process id, and when it started."""

import os
import socket
from dataclasses import dataclass

import psutil


@dataclass(frozen=True, slots=True)
class Worker:
    """`name` is `host/pid/start`; the start time tells a reused process id from the one before."""

    host: str
    pid: int
    started: int

    @classmethod
    def here(cls) -> "Worker":
        pid = os.getpid()
        return cls(socket.gethostname(), pid, _started(pid))

    @property
    def name(self) -> str:
        return f"{self.host}/{self.pid}/{self.started}"

    def is_gone(self, name: str) -> bool:
        """Whether the named worker ran on this machine and runs no more. False when that cannot be known."""
        host, _, rest = name.partition("/")
        pid, _, started = rest.partition("/")
        if host != self.host or not pid.isdigit() or not started.isdigit():
            return False
        return _started(int(pid)) != int(started)


def _started(pid: int) -> int:
    """Start of a process in milliseconds since the epoch; 0 when there is none, or it only waits to be reaped."""
    try:
        process = psutil.Process(pid)
        return 0 if process.status() == psutil.STATUS_ZOMBIE else int(process.create_time() * 1000)
    except psutil.Error:
        return 0
