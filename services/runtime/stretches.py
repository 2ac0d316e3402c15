"""Long stretches of a text without some mark: what a parser would take in one go, while every other thread waits."""

from collections.abc import Iterator


def place_in(text: str, at: int) -> tuple[int, int]:
    """Line and column of a character, counted from 1."""
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)


def stretches(text: str, mark: str, longest: int) -> Iterator[tuple[int, int]]:
    """Begin and end of each stretch of more than `longest` characters without the mark. Holds nothing, reads it once.

    Such a stretch fills a window of half that length, wherever it begins: only windows without the mark are looked at.
    """
    width, end = max(1, longest // 2), 0
    for window in range(0, len(text) - width + 1, width):
        if window < end or text.find(mark, window, window + width) >= 0:
            continue
        begin, end = text.rfind(mark, 0, window) + 1, text.find(mark, window)
        end = len(text) if end < 0 else end
        if end - begin > longest:
            yield begin, end
