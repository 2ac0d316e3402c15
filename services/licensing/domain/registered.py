"""What the register knows of a licence when something is asked of it."""

from dataclasses import dataclass

from services.core.messages import Licence


@dataclass(frozen=True, slots=True)
class Registered:
    """A licence in the register: as it was issued, and as it is."""

    issued: Licence
    current: Licence
