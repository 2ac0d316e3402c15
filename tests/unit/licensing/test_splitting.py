"""Splitting of a global licence: what is given away, and what never is."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from services.core.errors import Refused
from services.core.messages import (
    Basis,
    Change,
    Licence,
    LicenceLine,
    LicenceStatus,
    LicenceType,
    Party,
    PeriodLimit,
    Requirements,
)
from services.core.values import CountryCode, Eori, LicenceRef, Unit
from services.licensing.domain.registered import Registered
from services.licensing.domain.splitting import split_off
from services.licensing.handlers import change_status
from tests.unit.licensing.test_register_handlers import NOW, a_licence, a_step

WHOLE = LicenceRef("VL/2026/000123")
AT = NOW + timedelta(days=1)
LINE = a_licence().lines[0]


def whole(**changes: Any) -> Registered:
    made = replace(
        a_licence(),
        type=LicenceType.GLOBAL,
        valid_to=date(2028, 1, 14),
        destinations=(CountryCode("IN"), CountryCode("JP")),
    )
    made = replace(made, lines=(LINE, replace(LINE, line=2)), **changes)
    return Registered(made, made)


def part(line: LicenceLine = LINE, **changes: Any) -> Licence:
    terms = whole().current
    made = replace(terms, ref=LicenceRef("VL/2026/9"), split_from=WHOLE, lines=(line,), changed_at=AT)
    return replace(made, change=Change(actor="officer-7", reason="own budget", effective_at=NOW), **changes)


def refusal(known: Registered | None, licence: Licence) -> tuple[int, list[tuple[str, str]]]:
    with pytest.raises(Refused) as refused:
        split_off(known, licence)
    return refused.value.status, [(f.path, f.code) for f in refused.value.faults]


def test_what_is_split_off_is_taken_from_its_line_with_who_and_why() -> None:
    made = split_off(whole(), part(replace(LINE, quantity=Decimal(1), value=Decimal("100000.01")))).current
    assert [(line.quantity, line.value) for line in made.lines] == [
        (Decimal(1), Decimal("149999.99")),
        (Decimal(2), Decimal(250_000)),
    ]
    assert made.change == Change(actor="officer-7", reason="VL/2026/9 was split off: own budget", effective_at=AT)
    assert replace(made, revision=1, lines=whole().current.lines, changed_at=NOW, change=None) == whole().current


def test_all_of_a_line_may_go_and_a_dimension_without_figures_stays_without() -> None:
    assert split_off(whole(), part()).current.lines[0].quantity == 0
    known = whole()
    by_value = replace(LINE, basis=Basis.VALUE, quantity=None, unit=None)
    known = Registered(known.issued, replace(known.current, lines=(by_value,)))
    (left,) = split_off(known, part(replace(by_value, value=Decimal(1)))).current.lines
    assert (left.quantity, left.value) == (None, Decimal("249999.00"))


@pytest.mark.parametrize(
    ("line", "path", "code"),
    [
        (replace(LINE, quantity=Decimal(3)), "/lines/0/quantity", "split-above"),
        (replace(LINE, value=Decimal("250000.01")), "/lines/0/value", "split-above"),
        (replace(LINE, unit=Unit("KGM")), "/lines/0/unit", "split-unlike"),
        (replace(LINE, control_code="2B209"), "/lines/0/control_code", "split-unlike"),
        (replace(LINE, line=7), "/lines/0/line", "split-line-unknown"),
    ],
)
def test_no_line_gives_more_than_it_has_or_other_goods(line: LicenceLine, path: str, code: str) -> None:
    assert refusal(whole(), part(line)) == (422, [(path, code)])


@pytest.mark.parametrize(
    ("changes", "path", "code"),
    [
        ({"type": LicenceType.INDIVIDUAL}, "/type", "split-unlike"),
        ({"replaces": LicenceRef("VL/1")}, "/replaces", "split-and-replaces"),
        ({"authority": "BE-WAL"}, "/authority", "split-unlike"),
        ({"holder": Party(eori=Eori("BE1"))}, "/holder/eori", "split-unlike"),
        ({"valid_from": date(2026, 1, 14)}, "/valid_from", "split-wider"),
        ({"valid_to": date(2028, 1, 15)}, "/valid_to", "split-wider"),
        ({"valid_to": None}, "/valid_to", "split-wider"),
        ({"destinations": ()}, "/destinations", "split-wider"),
        ({"destinations": (CountryCode("PK"),)}, "/destinations", "split-wider"),
    ],
)
def test_a_part_allows_nothing_that_the_whole_does_not(changes: dict[str, Any], path: str, code: str) -> None:
    assert refusal(whole(), part(**changes)) == (422, [(path, code)])


def test_a_part_requires_what_the_whole_requires() -> None:
    known = whole(requires=Requirements(federal_authorisation=True, end_use_certificate=False, state_guarantee=False))
    assert refusal(known, part()) == (422, [("/requires/federal_authorisation", "split-wider")])


@pytest.mark.parametrize("status", ["SUSPENDED", "REVOKED", "EXHAUSTED"])
def test_only_a_live_licence_is_split(status: str) -> None:
    assert refusal(None, part()) == (422, [("/split_from", "split-unknown")])
    stopped = change_status(whole(), a_step(LicenceStatus(status))).state
    assert refusal(stopped, part()) == (409, [("/split_from", "split-not-live")])
    replaced = whole(replaced_by=LicenceRef("VL/2028/1"))
    assert refusal(replaced, part()) == (409, [("/split_from", "split-not-live")])
    over = whole(valid_to=date(2026, 3, 1))
    assert refusal(over, part(valid_to=date(2026, 3, 1))) == (409, [("/split_from", "split-not-live")])


def test_an_individual_licence_is_not_split() -> None:
    assert refusal(whole(type=LicenceType.INDIVIDUAL), part()) == (422, [("/split_from", "split-kind")])


def test_a_limit_of_a_period_is_never_left_above_the_line() -> None:
    limit = PeriodLimit(days=30, quantity=Decimal(2), value=None)
    known = whole()
    lines = (replace(LINE, periods=(limit,)),)
    known = Registered(known.issued, replace(known.current, lines=lines))
    assert refusal(known, part(replace(LINE, quantity=Decimal(1)))) == (422, [("/split_from", "limit-above-line")])
