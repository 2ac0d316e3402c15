"""Free TCP ports on the loopback address."""

import random
import socket

FIRST, LAST = 20_000, 29_999
"""Below the range from which systems take ports for outgoing connections: nobody takes one of these by chance."""


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As servers do: a port whose last connections linger is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def free_port(preferred: int = 0) -> int:
    """`preferred` when nobody listens there, else any. Bind soon: it stays free only while nobody else wants it."""
    if preferred and is_free(preferred):
        return preferred
    choice = random.SystemRandom()
    while True:
        port = choice.randint(FIRST, LAST)
        if is_free(port):
            return port
