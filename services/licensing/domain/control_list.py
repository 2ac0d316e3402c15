"""Annex I of Reg. (EU) 2021/821 as a value: which entries and sub-items there are, and which text says what."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Final

_NATIONAL: Final = "9"
_NEAREST = 5
_CODE_BEGINS = re.compile(r"[0-9][A-E]([0-9.]|$)")


@dataclass(frozen=True)
class ControlList:
    """One version. `entries` has the text of each base entry, such as 2B204, one item or note on a line."""

    version: str
    valid_from: date
    source: str
    sha256: str
    attribution: str
    entries: Mapping[str, str]

    @cached_property
    def items(self) -> Mapping[str, str]:
        """Text by code, of entries and all that is below them, in the order of the annex."""
        found: dict[str, str] = {}
        for base, text in self.entries.items():
            item = re.compile(rf"({base}(?:\.[a-z0-9]+)*) (.*)")
            for line in text.splitlines():
                if (match := item.fullmatch(line)) is not None:
                    found.setdefault(match[1], match[2])
            found.setdefault(base, text)
        return found

    def knows(self, code: str) -> bool:
        """Entries of national lists (third digit of the number 9, art. 9 and 10) are not in Annex I, and not judged."""
        return code in self.items or code[2] == _NATIONAL

    def nearest(self, code: str) -> list[str]:
        """What stands below the lowest part of the code that exists; else the entries with the next numbers."""
        steps = code.split(".")
        for depth in range(len(steps) - 1, 0, -1):
            above = ".".join(steps[:depth])
            if above in self.items:
                below = [item for item in self.items if item.startswith(f"{above}.") and item.count(".") == depth]
                return [above, *below][:_NEAREST]
        same_group = [entry for entry in self.entries if entry[:2] == code[:2]]
        return sorted(same_group, key=lambda entry: abs(int(entry[2:5]) - int(code[2:5])))[:_NEAREST]

    def search(self, text: str, after: str, limit: int) -> list[tuple[str, str]]:
        """Code and text of items behind `after`, by code: what begins a code, or words that the text all holds."""
        wanted = text.strip()
        prefix, words = wanted[:5].upper() + wanted[5:].lower(), wanted.casefold().split()
        by_code = _CODE_BEGINS.match(prefix) is not None
        found = [
            (code, said)
            for code, said in self.items.items()
            if code > after and (code.startswith(prefix) if by_code else _holds(said, words))
        ]
        return sorted(found)[:limit]


def _holds(text: str, words: list[str]) -> bool:
    folded = text.casefold()
    return all(word in folded for word in words)
