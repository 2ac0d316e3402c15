"""What customs states about an MRN: the messages of `customs.declaration.v1`."""

from typing import Final, get_args

from services.core.message import Message
from services.core.messages import (
    ArrivedAtExit,
    DeclarationAccepted,
    DeclarationAmended,
    DeclarationInvalidated,
    ExitReleased,
    ExitStopped,
    GoodsExited,
    GoodsPresented,
    GoodsReleased,
    ReleaseOverridden,
    ReleaseRefused,
)

Fact = (
    DeclarationAccepted
    | DeclarationAmended
    | GoodsPresented
    | GoodsReleased
    | ReleaseRefused
    | ReleaseOverridden
    | ArrivedAtExit
    | ExitReleased
    | ExitStopped
    | DeclarationInvalidated
    | GoodsExited
)
FACTS: Final[tuple[type[Message], ...]] = get_args(Fact)
