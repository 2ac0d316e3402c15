"""One writer per format, with the same verbs: what the desk tells, in the words of AES, WCO or JSON."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from services.simulator import json_messages, xml_aes, xml_wco
from services.simulator.declarations import Declaration, Exit, Format, Outgoing


class Writer(Protocol):
    """What a format can say. NotImplementedError: the format has no such message."""

    def lodge(self, declaration: Declaration) -> tuple[Outgoing, ...]: ...
    def amend(self, declaration: Declaration, item: int) -> tuple[Outgoing, ...]: ...
    def release(self, declaration: Declaration, at: datetime) -> Outgoing: ...
    def refuse_release(self, declaration: Declaration, at: datetime, reason: str) -> Outgoing: ...
    def invalidate(self, declaration: Declaration, at: datetime, reason: str) -> Outgoing: ...
    def leave(self, declaration: Declaration, exit_: Exit) -> Outgoing: ...


WRITERS: Mapping[Format, Writer] = {
    Format.AES: xml_aes,
    Format.WCO: xml_wco,
    Format.JSON: json_messages,
}
