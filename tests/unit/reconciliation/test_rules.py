"""Each rule, holding and failing, through the answer a demand gets."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from services.core.messages import Basis, Demand, Draw, DrawVerdict, Licence, LicenceStatus, Party, Phase, Severity
from services.core.values import CommodityCode, CountryCode, Currency, Eori, Unit
from services.reconciliation.domain.deadlines import RULES as DEADLINES
from services.reconciliation.domain.legal import KINDS
from services.reconciliation.domain.resemblance import DENIAL_MATCH, REFUSAL_SHADOW
from services.reconciliation.domain.rule_set import Ceiling, Mode
from services.reconciliation.domain.rules import DEFAULT_RULE_SET, RULES, rule_set
from tests.builders import BUYER, HOLDER, ISSUED, a_demand, a_draw, a_licence, a_line, a_status
from tests.ledger_play import Play

IN_QUANTITY = a_line(basis=Basis.QUANTITY, quantity="10", unit="KGM")
IN_VALUE = a_line(basis=Basis.VALUE, value="10.00")


def reasons(licence: Licence, demand: Demand) -> tuple[str, ...]:
    return Play(licence, demand).answer.reasons


def reasons_of(draw: Draw, licence: Licence | None = None) -> tuple[str, ...]:
    return reasons(licence or a_licence(), a_demand(draw))


def test_a_demand_that_agrees_in_everything_is_covered() -> None:
    assert reasons(a_licence(), a_demand()) == ()


def test_a_licence_nobody_issued_is_unknown_and_nothing_else_is_said() -> None:
    play = Play(a_demand(a_draw(None)))
    assert play.answer.reasons == ("licence.unknown",)


@pytest.mark.parametrize(("lines", "line"), [((1,), 2), ((1, 2), 3), ((1, 2), 0)])
def test_a_line_the_licence_does_not_have_is_unknown(lines: tuple[int, ...], line: int) -> None:
    licence = a_licence(*(a_line(number) for number in lines))
    assert reasons_of(a_draw(line=line), licence) == ("licence.line-unknown",)


@pytest.mark.parametrize(
    ("accepted_at", "valid"),
    [
        (datetime(2026, 1, 14, 22, 59, 59, tzinfo=UTC), False),
        (datetime(2026, 1, 14, 23, 0, tzinfo=UTC), True),
        (datetime(2026, 3, 2, 22, 59, 59, tzinfo=UTC), True),
        (datetime(2026, 3, 2, 23, 0, tzinfo=UTC), False),
    ],
)
def test_validity_runs_from_day_to_day_in_the_time_zone_of_the_authority(accepted_at: datetime, *, valid: bool) -> None:
    licence = a_licence(valid_from=date(2026, 1, 15), valid_to=date(2026, 3, 2))
    expected = () if valid else ("licence.not-valid",)
    assert reasons(licence, a_demand(accepted_at=accepted_at)) == expected


@pytest.mark.parametrize("status", LicenceStatus)
def test_only_an_issued_or_reinstated_licence_may_be_drawn_on(status: LicenceStatus) -> None:
    at = datetime(2026, 3, 2, 8, 15, tzinfo=UTC)
    usable = status in {LicenceStatus.ISSUED, LicenceStatus.REINSTATED}
    assert reasons(a_licence(statuses=(ISSUED, a_status(status, at))), a_demand()) == (
        () if usable else ("licence.not-valid",)
    )
    after = a_status(status, datetime(2026, 3, 2, 8, 15, 1, tzinfo=UTC))
    assert reasons(a_licence(statuses=(ISSUED, after)), a_demand()) == ()


def test_a_licence_entered_after_its_term_began_counts_from_that_day() -> None:
    entered = a_status(LicenceStatus.ISSUED, datetime(2026, 11, 1, tzinfo=UTC))
    assert reasons(a_licence(statuses=(entered,)), a_demand()) == ()


@pytest.mark.parametrize(
    ("exporter", "holds"),
    [
        (replace(HOLDER, name="Another name"), True),
        (replace(HOLDER, eori=Eori("BE0400000089")), False),
        (replace(HOLDER, eori=None), True),
        (Party(name="PERSBOUW N.V."), True),
        (Party(name="Persenbouw NV"), False),
        (Party(), False),
    ],
)
def test_the_exporter_is_the_holder(exporter: Party, *, holds: bool) -> None:
    assert reasons(a_licence(), a_demand(exporter=exporter)) == (() if holds else ("exporter.mismatch",))


@pytest.mark.parametrize(
    ("consignee", "allowed"),
    [
        (replace(BUYER, name="BHARAT FORGE-WORKS LIMITED"), True),
        (replace(BUYER, country=CountryCode("PK")), False),
        (replace(BUYER, country=None), False),
        (replace(BUYER, name="Bharat Forge"), False),
        (None, False),
    ],
)
def test_the_consignee_is_one_the_licence_names(consignee: Party | None, *, allowed: bool) -> None:
    assert reasons_of(a_draw(consignee=consignee)) == (() if allowed else ("consignee.mismatch",))


def test_a_licence_without_consignees_allows_any() -> None:
    assert reasons_of(a_draw(consignee=None), a_licence(consignees=())) == ()


def test_the_destination_is_one_the_licence_names() -> None:
    draw = a_draw(destination=CountryCode("PK"))
    assert reasons_of(draw) == ("destination.mismatch",)
    assert reasons_of(draw, a_licence(destinations=())) == ()


@pytest.mark.parametrize(("code", "covered"), [("84798300", True), ("847983", True), ("84798200", False)])
def test_commodity_codes_of_a_line_are_prefixes(code: str, *, covered: bool) -> None:
    assert reasons_of(a_draw(commodity_code=CommodityCode(code))) == (() if covered else ("commodity.mismatch",))


def test_a_line_without_commodity_codes_covers_any() -> None:
    licence = a_licence(a_line(commodity_codes=()))
    assert reasons_of(a_draw(commodity_code=CommodityCode("01012100")), licence) == ()


def test_the_procedure_is_one_the_licence_covers() -> None:
    assert reasons_of(a_draw(procedure="21")) == ("procedure.not-covered",)
    assert reasons_of(a_draw(procedure="21"), a_licence(procedures=())) == ()


@pytest.mark.parametrize("figure", [None, "0", "-1"])
def test_a_controlled_dimension_needs_a_figure_above_zero(figure: str | None) -> None:
    assert reasons_of(a_draw(quantity=figure)) == ("write-off.missing",)
    assert reasons_of(a_draw(amount=figure)) == ("write-off.missing",)
    assert reasons_of(a_draw(amount=figure), a_licence(a_line(basis=Basis.QUANTITY))) == ()


@pytest.mark.parametrize(
    ("quantity", "units", "expected"),
    [
        ("10", ("KGM",), ()),
        ("10000", ("GRM",), ()),
        ("0.01", ("TNE",), ()),
        ("10.000001", ("KGM",), ("quantity.overrun",)),
        ("10001", ("GRM",), ("quantity.overrun",)),
        ("0.0001", ("GRM",), ("unit.mismatch",)),
        ("99", ("NAR",), ("unit.mismatch",)),
        ("1", ("KGM#G",), ("unit.mismatch",)),
        ("1", ("GRM", "KGM"), ("unit.mismatch",)),
        ("1", (), ("unit.mismatch",)),
    ],
)
def test_the_unit_is_the_lines_or_converts_exactly(quantity: str, units: tuple[str, ...], expected: Any) -> None:
    draw = a_draw(quantity, units=tuple(Unit(unit) for unit in units))
    assert reasons_of(draw, a_licence(IN_QUANTITY)) == expected


def test_mass_units_convert_with_the_same_qualifier() -> None:
    line = a_line(basis=Basis.QUANTITY, quantity="1", unit="KGM#G")
    assert reasons_of(a_draw("1000", units=(Unit("GRM#G"),)), a_licence(line)) == ()
    assert reasons_of(a_draw("1000", units=(Unit("GRM"),)), a_licence(line)) == ("unit.mismatch",)


@pytest.mark.parametrize(
    ("amount", "currencies", "expected"),
    [
        ("10.00", ("EUR",), ()),
        ("10.01", ("EUR",), ("value.overrun",)),
        ("99.00", ("USD",), ("currency.mismatch",)),
        ("1.00", ("EUR", "USD"), ("currency.mismatch",)),
        ("1.00", (), ("currency.mismatch",)),
    ],
)
def test_the_currency_is_the_lines(amount: str, currencies: tuple[str, ...], expected: Any) -> None:
    draw = a_draw("5", amount, currencies=tuple(Currency(currency) for currency in currencies))
    assert reasons_of(draw, a_licence(IN_VALUE)) == expected


def test_everything_that_is_wrong_is_said_at_once() -> None:
    draw = a_draw("3", "300000.00", destination=CountryCode("PK"), procedure="21")
    assert reasons_of(draw) == ("destination.mismatch", "procedure.not-covered", "quantity.overrun", "value.overrun")


@pytest.mark.parametrize(("quantity", "covered"), [("11", True), ("11.000001", False)])
def test_a_tolerance_raises_the_ceiling(quantity: str, *, covered: bool) -> None:
    rules = rule_set(quantity=Ceiling(tolerance=Decimal("0.1")))
    play = Play(a_licence(IN_QUANTITY), a_demand(a_draw(quantity, units=(Unit("KGM"),))), rule_set=rules)
    assert play.answer.reasons == (() if covered else ("quantity.overrun",))


@pytest.mark.parametrize(("mode", "severity"), [(Mode.ALERT, Severity.WARNING), (Mode.INFORM, Severity.INFO)])
def test_an_overrun_that_does_not_block_is_covered_and_said(mode: Mode, severity: Severity) -> None:
    rules = rule_set(value=Ceiling(mode=mode))
    play = Play(a_licence(IN_VALUE), a_demand(a_draw("1", "11.00")), rule_set=rules)
    assert (play.answer.verdict, play.answer.reasons) == (DrawVerdict.COVERED, ("value.overrun",))
    assert play.value() == (11, 0, 0)
    assert [(f.code, f.severity) for f in play.findings] == [("value.overrun", severity)]
    play.phase(a_demand().mrn, Phase.RELEASED)
    assert play.codes == []


def test_a_rule_set_is_named_by_its_content() -> None:
    assert rule_set() == DEFAULT_RULE_SET
    assert rule_set(value=Ceiling(mode=Mode.ALERT)).name != DEFAULT_RULE_SET.name
    assert rule_set(quantity=Ceiling(Decimal("0.10"))).name == rule_set(quantity=Ceiling(Decimal("0.1"))).name


def test_every_rule_has_a_legal_basis() -> None:
    codes = {rule.code for rule in RULES}
    assert len(codes) == len(RULES) == 22
    others = {"released.uncovered", "licence.changed-under-shipment", "exit.shortfall", "exit.excess"}
    others |= {"usage.report-overdue", "usage.report-difference", "general-licence.notice-overdue", "re-import.overdue"}
    others |= {"write-off.notice-missing", "dossier.overdue"}
    others |= {DENIAL_MATCH, REFUSAL_SHADOW}
    assert codes | others | DEADLINES.keys() == KINDS.keys()
