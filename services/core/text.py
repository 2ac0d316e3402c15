"""Text of strangers: full Unicode, stored as it was sent. Refused is only what is no text."""

import re
from typing import Final

# Halves of surrogate pairs, line and paragraph separators, noncharacters; and the marks that turn the reading direction
# of what follows, with which a name can be shown as another. Joiners are text: Persian and emoji need them.
_NO_TEXT: Final = r"\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff"
IN_A_LINE: Final = rf"[^\x00-\x1f{_NO_TEXT}]"
"""A character of a text of one line, as a regular expression."""
IN_LINES: Final = rf"[^\x00-\x08\x0b\x0c\x0e-\x1f{_NO_TEXT}]"
"""One of a text of several lines: tabs and line ends too."""

_ONE_LINE = re.compile(IN_A_LINE.replace("[^", "["))
_LINES = re.compile(IN_LINES.replace("[^", "["))


def no_text(text: str, *, lines: bool = False) -> str | None:
    """What in it is no text and where (`U+0007 at character 3`); None when all is. `lines`: it may have several."""
    if text.isascii() and text.isprintable():
        return None
    found = (_LINES if lines else _ONE_LINE).search(text)
    return None if found is None else f"U+{ord(found[0]):04X} at character {found.start() + 1}"
