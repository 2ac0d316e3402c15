"""Amendments: what they change, what they never may, and who comes too late."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from services.core.errors import Refused
from services.core.messages import Basis, Change, Licence, LicenceStatus, LicenceType, Party
from services.core.values import Currency, Eori, LicenceRef, Unit
from services.licensing.domain.amending import AmendLicence, amend
from services.licensing.domain.registered import Registered
from services.licensing.domain.status import FINAL
from services.licensing.handlers import change_status
from tests.unit.licensing.test_register_handlers import NOW, a_licence, a_step, registered

LATER = NOW + timedelta(hours=1)


def asked(terms: Licence, *, revision: int = 1, reason: str = "fewer presses") -> AmendLicence:
    return AmendLicence(
        terms, Change(actor="officer-7", reason=reason, effective_at=LATER), frozenset({revision}), LATER
    )


def with_line(**changes: Any) -> Licence:
    return replace(a_licence(), lines=(replace(a_licence().lines[0], **changes),))


def refusal(known: Registered | None, command: AmendLicence) -> tuple[int, list[tuple[str, str]]]:
    with pytest.raises(Refused) as refused:
        amend(known, command)
    return refused.value.status, [(f.path, f.code) for f in refused.value.faults]


def test_an_amendment_is_the_next_revision_with_its_reason_and_the_history_as_it_was() -> None:
    (made,) = amend(registered(), asked(with_line(quantity=Decimal(1)))).outputs
    assert isinstance(made, Licence)
    assert (made.revision, made.lines[0].quantity, made.changed_at) == (2, Decimal(1), LATER)
    assert made.statuses == a_licence().statuses
    assert made.change == Change(actor="officer-7", reason="fewer presses", effective_at=LATER)


def test_the_same_amendment_again_is_a_repeat_and_another_one_comes_too_late() -> None:
    once = amend(registered(), asked(with_line(quantity=Decimal(1)))).state
    again = asked(with_line(quantity=Decimal(1)))
    assert amend(once, replace(again, at=LATER + timedelta(hours=1))).outputs == ()
    assert refusal(once, asked(with_line(quantity=Decimal(1)), reason="other")) == (412, [("If-Match", "revision")])
    assert refusal(once, asked(with_line(quantity=Decimal(3)))) == (412, [("If-Match", "revision")])


@pytest.mark.parametrize(
    ("terms", "fault"),
    [
        (with_line(basis=Basis.VALUE), ("/lines", "basis-fixed")),
        (with_line(unit=Unit("KGM")), ("/lines", "unit-fixed")),
        (with_line(currency=Currency("USD")), ("/lines", "currency-fixed")),
        (with_line(line=2), ("/lines", "line-dropped")),
        (replace(a_licence(), type=LicenceType.GLOBAL), ("/type", "fixed")),
        (replace(a_licence(), authority="BE-WAL"), ("/authority", "fixed")),
        (replace(a_licence(), replaces=LicenceRef("VL/1")), ("/replaces", "fixed")),
        (replace(a_licence(), split_from=LicenceRef("VL/1")), ("/split_from", "fixed")),
        (replace(a_licence(), holder=Party(eori=Eori("BE1"))), ("/holder/eori", "fixed")),
    ],
)
def test_what_the_ledger_counts_by_never_changes(terms: Licence, fault: tuple[str, str]) -> None:
    assert refusal(registered(), asked(terms)) == (422, [fault])


@pytest.mark.parametrize("end", sorted(FINAL))
def test_what_has_ended_is_not_amended(end: LicenceStatus) -> None:
    ended = change_status(registered(), a_step(end)).state
    assert refusal(ended, asked(with_line(quantity=Decimal(1)), revision=2)) == (409, [("", "ended")])


def test_what_has_expired_is_amended_only_by_what_took_effect_before() -> None:
    over = replace(a_licence(), valid_to=date(2026, 2, 28))
    known = Registered(over, over)
    longer = asked(replace(over, valid_to=date(2027, 2, 28)))
    assert refusal(known, longer) == (409, [("", "ended")])
    before = replace(longer, change=replace(longer.change, effective_at=NOW - timedelta(days=2)))
    assert amend(known, before).state.current.valid_to == date(2027, 2, 28)


def test_an_unknown_licence_is_not_found() -> None:
    assert refusal(None, asked(a_licence())) == (404, [])
