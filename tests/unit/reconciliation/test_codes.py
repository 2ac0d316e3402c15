"""What of the code lists decides, and that a rule set is named after it."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from services.core.codes import DOCUMENT_TYPES, UNITS
from services.core.messages import ListedCode
from services.core.values import Unit
from services.reconciliation.domain.codes import DEFAULT_CODES, Codes, codes_of
from services.reconciliation.domain.measures import converted
from services.reconciliation.domain.rules import DEFAULT_RULE_SET, rule_set
from services.runtime.codes.bundled import bundled

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def unit(code: str, power: int, first: date | None = None, last: date | None = None) -> ListedCode:
    return ListedCode(code=code, name=code, valid_from=first, valid_to=last, grams_power_of_ten=power)


def national(last: date | None = None) -> ListedCode:
    return ListedCode(code="1001", name="regional licence", valid_to=last, cites_licence=True)


def test_the_defaults_are_what_is_bundled() -> None:
    assert codes_of(bundled(DOCUMENT_TYPES).codes, bundled(UNITS).codes) == DEFAULT_CODES


def test_a_national_document_type_cites_a_licence_once_it_is_listed_so() -> None:
    assert not DEFAULT_CODES.as_of(NOON).cites_a_licence("1001")
    assert codes_of([national()], []).as_of(NOON).cites_a_licence("1001")


@pytest.mark.parametrize(
    ("zone", "hour", "cites"),
    [("Europe/Brussels", 22, True), ("Europe/Brussels", 23, False), ("Europe/Lisbon", 23, True)],
)
def test_a_last_day_ends_at_midnight_where_the_list_is_kept(zone: str, hour: int, *, cites: bool) -> None:
    codes = codes_of([national(date(2026, 3, 1))], [], zone)
    assert codes.as_of(datetime(2026, 3, 1, hour, tzinfo=UTC)).cites_a_licence("1001") is cites


@pytest.mark.parametrize("last", [date.max, date(9999, 12, 30)])
def test_the_ends_of_the_calendar_are_no_bound(last: date) -> None:
    code = ListedCode(code="1001", name="x", valid_from=date.min, valid_to=last, cites_licence=True)
    assert codes_of([code], []).as_of(NOON).cites_a_licence("1001")


def test_a_unit_converts_by_what_it_was_on_the_day() -> None:
    codes = codes_of([], [unit("GRM", 0), unit("LOT", 1, None, date(2026, 3, 1)), unit("LOT", 2, date(2026, 3, 2))])
    before = codes.as_of(datetime(2026, 3, 1, tzinfo=UTC))
    assert converted(Decimal(3), Unit("LOT"), Unit("GRM"), before) == 30
    assert converted(Decimal(3), Unit("LOT"), Unit("GRM"), codes.as_of(NOON)) == 300
    assert converted(Decimal(3), Unit("KGM"), Unit("GRM"), codes.as_of(NOON)) is None


@pytest.mark.parametrize(
    ("codes", "same"),
    [
        (codes_of(bundled(DOCUMENT_TYPES).codes[::-1], bundled(UNITS).codes), True),
        (codes_of([*bundled(DOCUMENT_TYPES).codes, national()], bundled(UNITS).codes), False),
        (codes_of(bundled(DOCUMENT_TYPES).codes, []), False),
        (codes_of(bundled(DOCUMENT_TYPES).codes, bundled(UNITS).codes, "Europe/Lisbon"), False),
    ],
)
def test_a_rule_set_is_named_after_the_codes_that_decide(codes: Codes, *, same: bool) -> None:
    assert (rule_set(codes=codes).name == DEFAULT_RULE_SET.name) is same
