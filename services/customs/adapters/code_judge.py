"""What the door makes of codes that no list has: a warning, or a refusal."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, tzinfo

from services.core.errors import Refused
from services.customs.adapters.code_lists import CodeLists
from services.customs.domain.codes import fractions, objections
from services.customs.domain.reading import Reading


class CodeJudge:
    """Judges a reading by the lists in force now, as of the day of its declaration."""

    def __init__(self, lists: CodeLists, clock: Callable[[], datetime], zone: tzinfo, *, refuses: bool) -> None:
        self._lists = lists
        self._clock = clock
        self._zone = zone
        self._refuses = refuses

    def __call__(self, reading: Reading) -> Reading:
        """The reading with its warnings. Refused 422 with the place of each unlisted code, where the door is set so."""
        found = objections(reading, self._lists.current, self._clock(), self._zone)
        if found and self._refuses:
            raise Refused(422, "The message states codes that are not in force", found)
        noticed = found + fractions(reading)
        return replace(reading, warnings=reading.warnings + noticed) if noticed else reading
