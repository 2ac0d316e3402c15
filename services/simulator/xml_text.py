"""XML written as text: two functions, so that a message reads like its tree."""

from decimal import Decimal
from xml.sax.saxutils import escape, quoteattr

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'


def leaf(name: str, value: str | int | Decimal | None, **attributes: str) -> str:
    """An element with text; nothing when there is no value. Decimals are written in full, never with an exponent."""
    if value is None:
        return ""
    text = f"{value:f}" if isinstance(value, Decimal) else str(value)
    return f"<{name}{_attributes(attributes)}>{escape(text)}</{name}>"


def branch(name: str, *content: str, **attributes: str) -> str:
    """An element of elements; nothing when all of them are absent."""
    inner = "".join(content)
    return f"<{name}{_attributes(attributes)}>{inner}</{name}>" if inner else ""


def _attributes(attributes: dict[str, str]) -> str:
    return "".join(f" {name}={quoteattr(value)}" for name, value in attributes.items())
