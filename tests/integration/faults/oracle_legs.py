"""Which legs a draw lacks beside its licence, on plain dicts. Shares nothing with the product."""

from datetime import datetime
from decimal import Decimal

from tests.integration.faults.oracle_rules import in_unit, not_valid
from tests.integration.faults.plain import Plain

LEGS = {
    "FEDERAL_AUTHORISATION": "federal-authorisation.missing",
    "END_USE_CERTIFICATE": "end-use-certificate.missing",
    "STATE_GUARANTEE": "state-guarantee.missing",
}


def missing_legs(
    terms: Plain | None,
    line: Plain | None,
    beside: list[Plain],
    moment: datetime,
    takes: tuple[Decimal | None, Decimal | None] | None,
    drawn: dict[int, Decimal],
) -> set[str]:
    """`drawn`: what all other draws hold of each line; `takes` None: the limits are not judged."""
    if terms is None or line is None:
        return set()
    required = {kind for kind in LEGS if terms["requires"][kind.lower()]}
    return {
        LEGS[kind]
        for kind in required
        if not any(
            of["kind"] == kind
            and not not_valid(of, moment)
            and _covers(of, line)
            and (takes is None or _leaves(of, terms, line, takes[0], drawn))
            for of in beside
        )
    }


def _covers(of: Plain, line: Plain) -> bool:
    names = [line["control_code"] == item or line["control_code"].startswith(item + ".") for item in of["items"]]
    return (any(names) or not of["items"]) and of["line"] in {None, line["line"]}


def _leaves(of: Plain, terms: Plain, line: Plain, takes: Decimal | None, drawn: dict[int, Decimal]) -> bool:
    """Whether its own limit leaves room."""
    if of["quantity"] is None:
        return True
    held = [(each["unit"], drawn[each["line"]]) for each in terms["lines"] if _covers(of, each)]
    amounts = [in_unit(much, [unit], of["unit"]) for unit, much in ((line["unit"], takes), *held)]
    known = [amount for amount in amounts if amount is not None]
    return len(known) == len(amounts) and sum(known, Decimal(0)) <= of["quantity"]
