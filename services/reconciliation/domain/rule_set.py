"""What an authority may choose: tolerance and what an over-run does, per dimension. Named by a hash of its content."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, localcontext
from enum import StrEnum
from hashlib import sha256

from services.core.values import ZERO, format_amount
from services.reconciliation.domain.codes import Codes

# Authorised amount of 24 digits times a tolerance of as many, exactly.
_EXACT_DIGITS = 60


class Mode(StrEnum):
    """What an over-run does: refuse the draw, or cover it and say so."""

    BLOCK = "block"
    ALERT = "alert"
    INFORM = "inform"


@dataclass(frozen=True, slots=True)
class Ceiling:
    """How one dimension is kept; `tolerance` is a fraction of the authorised amount."""

    tolerance: Decimal = ZERO
    mode: Mode = Mode.BLOCK

    def on(self, tolerance: Decimal | None) -> "Ceiling":
        """This ceiling on a line that states a tolerance of its own, which comes first; None: it states none."""
        return self if tolerance is None else Ceiling(tolerance, self.mode)

    def of(self, authorised: Decimal) -> Decimal:
        """The most that may be drawn: authorised x (1 + tolerance), never rounded."""
        if not self.tolerance:
            return authorised
        with localcontext() as context:
            context.prec = _EXACT_DIGITS
            return authorised * (1 + self.tolerance)


@dataclass(frozen=True, slots=True)
class RuleSet:
    """The choices a licence is judged with. `name` stands in every entry and cover made with it."""

    name: str
    quantity: Ceiling
    value: Ceiling
    codes: Codes


def named(quantity: Ceiling, value: Ceiling, rules: Iterable[str], codes: Codes) -> RuleSet:
    """A rule set of these ceilings, rules (`code@version`) and codes: the same content always has the same name."""
    content = {
        "rules": sorted(rules),
        "codes": codes.content,
        "quantity": {"tolerance": format_amount(quantity.tolerance), "mode": quantity.mode.value},
        "value": {"tolerance": format_amount(value.tolerance), "mode": value.mode.value},
    }
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return RuleSet(f"rules-{sha256(text.encode()).hexdigest()[:16]}", quantity, value, codes)
