"""Who may change a declaration: a party that declared it, or one that administers the declarations of others."""

from collections.abc import Collection, Mapping

from services.core.errors import Fault, Refused
from services.core.messages import DeclarationAccepted, DeclarationForm, DeclarationInvalidated
from services.core.values import Mrn
from services.customs.domain.reading import Amendment, Reading, Stated

Declarers = Mapping[Mrn, Collection[str]]
"""The parties that stated an accepted version of each declaration."""


def changed(reading: Reading) -> Mrn | None:
    """The declaration that a message would amend, invalidate or state again, on its own or once customs grants it.

    Entries from paper are no version of the declaration. What happens to goods on their way is told by other offices.
    """
    statement = reading.statement
    if isinstance(statement, Amendment):
        return statement.mrn
    if isinstance(statement, Stated):
        fact = statement.fact
        if isinstance(fact, DeclarationInvalidated):
            return fact.mrn
        return fact.mrn if isinstance(fact, DeclarationAccepted) and fact.form is not DeclarationForm.PAPER else None
    return reading.amends


def objection(party: str, reading: Reading, declarers: Declarers) -> Refused | None:
    """Why a party may not say this: the declaration is known, and of others. Not known, it is whose it comes from."""
    mrn = changed(reading)
    others = () if mrn is None else declarers.get(mrn, ())
    if not others or party in others:
        return None
    detail = f"{mrn} was declared by another party: who declared it may amend or invalidate it"
    return Refused(403, "This declaration is another party's", (Fault("mrn", "mrn.other-party", detail),))
