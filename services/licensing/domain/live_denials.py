"""The denials that count, found by who received or used the goods: most transactions have no name near any of them."""

from collections.abc import Iterable

from services.core.messages import Denial, DenialStatus, DeniedParty
from services.core.name_index import SIMILAR, found_by_name, name_forms, name_terms


class LiveDenials:
    """All valid denials that were put in. `len` is how many."""

    def __init__(self) -> None:
        self._denials: dict[str, Denial] = {}
        self._index: dict[str, set[tuple[str, float]]] = {}

    def __len__(self) -> int:
        return len(self._denials)

    def put(self, denial: Denial) -> None:
        """In place of the revision that was known; one that was revoked is there no more."""
        ref = denial.ref
        if (known := self._denials.pop(ref, None)) is not None:
            for term, weight in _terms(known):
                places = self._index[term]
                places.discard((ref, weight))
                if not places:
                    del self._index[term]
        if denial.status is DenialStatus.VALID:
            self._denials[ref] = denial
            for term, weight in _terms(denial):
                self._index.setdefault(term, set()).add((ref, weight))

    def found(self, parties: Iterable[DeniedParty], enough: float = SIMILAR) -> list[Denial]:
        """In order of reference those with a party that may be that much like one of these: none is left out."""
        if not self._denials:
            return []
        forms = {form for party in parties for form in name_forms(party.name)}
        refs = {ref for form in forms for ref in found_by_name(self._index, form, enough)}
        return [self._denials[ref] for ref in sorted(refs)]


def _terms(denial: Denial) -> set[tuple[str, float]]:
    return {term for party in denial.parties for term in name_terms(party.name)}
