"""Finding names that may be like one of many, without comparing it with each.

None is left out that `likeness_of_names` scores as much as is asked for; some are found that it then scores less.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from itertools import chain
from typing import Final, NamedTuple, TypeVar

from services.core.legal_forms import GENERIC
from services.core.names import consonants, normalised, telling_words
from services.core.transliteration import transliterated

K = TypeVar("K")

SIMILAR: Final = 1.8 / 0.495
IDENTICAL: Final = 1.8 / 0.795
"""Names that share words of weight s, of the weights a and b, score at most 0.9 x 2s / (a + b), rounded. So s times
this is at least a + b where the score reaches 0.50 (`SIMILAR_FROM`), or 0.80 (`IDENTICAL_FROM`)."""
_MANY: Final = 3
"""Generic words that two names must share to be alike when one of them has no other."""


def name_forms(name: str) -> tuple[str, ...]:
    """As written, and transliterated when it is in another script."""
    latin = None if name.isascii() else transliterated(name)
    return (name,) if latin is None else (name, latin)


def name_terms(name: str) -> Iterator[tuple[str, float]]:
    """The terms under which a name is to be indexed, each with the weight of the form it is a word of."""
    for form in name_forms(name):
        heard = _heard(form)
        yield heard.whole, heard.weight
        for word in (*heard.words, *heard.listed):
            yield word, heard.weight


def found_by_name(index: Mapping[str, Collection[tuple[K, float]]], form: str, enough: float = SIMILAR) -> Iterator[K]:
    """Whose name may be like this one, perhaps several times. `index`: term to those that have it, with its weight."""
    heard = _heard(form)
    if (same := index.get(heard.whole)) is not None:
        yield from (key for key, _ in same)
    lists = [found for word in (*heard.words, *heard.sought) if (found := index.get(word)) is not None]
    if lists:
        for (key, weight), shared in Counter(chain.from_iterable(lists)).items():
            if enough * (shared + heard.generic) >= heard.weight + weight:
                yield key


class _Heard(NamedTuple):
    """A name by which parties are found: as a whole, however it is spaced, and by its words.

    A generic word weighs a quarter, and finds nobody unless there is no other. `listed` and `sought`: by what a name of
    many generic words is found by, and finds, those that have no other word.
    """

    whole: str
    words: tuple[str, ...]
    weight: float
    generic: float
    listed: tuple[str, ...]
    sought: tuple[str, ...]


@lru_cache(maxsize=65536)
def _heard(name: str) -> _Heard:
    told = telling_words(name)
    others, generic = told - GENERIC, told & GENERIC
    times = Counter(consonants(word) for word in others or told)
    words = tuple(f"word {word}{'+' * more}" for word in sorted(times) for more in range(times[word]))
    many = sorted(generic) if len(generic) >= _MANY else ()
    beside, alone = (tuple(f"{how} {word}" for word in many) for how in ("beside", "alone"))
    listed, sought = (beside, alone) if others else (alone, beside)
    weight = len(generic) / 4
    return _Heard(f"name {consonants(normalised(name))}", words, len(others) + weight, weight, listed, sought)
