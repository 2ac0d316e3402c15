"""What a licence is for: exclusions, general authorisations, a line's own tolerance; beside an independent account."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.errors import Rejected
from services.core.messages import Basis, LicenceType, Phase
from services.core.values import CountryCode, Unit
from services.reconciliation.domain.rule_set import Ceiling
from services.reconciliation.domain.rules import rule_set
from services.runtime.codec import Codec
from tests.builders import REF, a_demand, a_draw, a_licence, a_line
from tests.integration.faults.audit import Audit
from tests.integration.faults.plain import Plain, plain
from tests.ledger_play import Play

GENERAL = a_licence(type=LicenceType.UNION_GENERAL, destinations=(), consignees=(), registered_at=date(2026, 1, 15))
INDIA = CountryCode("IN")
KILOS = replace(a_line(basis=Basis.QUANTITY, quantity="10", unit="KGM"), tolerance=Decimal("0.05"))


def reasons(licence: Any, **changes: Any) -> tuple[str, ...]:
    return Play(licence, a_demand(**changes)).answer.reasons


def test_an_excluded_destination_is_refused_even_when_it_is_allowed_too() -> None:
    assert reasons(a_licence(excluded_destinations=(INDIA,))) == ("destination.mismatch",)
    assert reasons(a_licence(destinations=(), excluded_destinations=(CountryCode("PK"),))) == ()


def test_a_general_authorisation_names_its_own_reason_for_a_destination() -> None:
    nine = tuple(CountryCode(code) for code in ("AU", "CA", "CH", "GB", "IS", "JP", "LI", "NO", "NZ", "US"))
    assert reasons(GENERAL) == ()
    for terms in (replace(GENERAL, destinations=nine), replace(GENERAL, excluded_destinations=(INDIA,))):
        assert reasons(terms) == ("general-licence.destination-excluded",)
        assert reasons(replace(terms, type=LicenceType.GLOBAL)) == ("destination.mismatch",)


@pytest.mark.parametrize(
    ("accepted_at", "registered_at", "registered"),
    [
        (datetime(2026, 3, 1, 22, 59, 59, tzinfo=UTC), date(2026, 3, 2), False),
        (datetime(2026, 3, 1, 23, 0, tzinfo=UTC), date(2026, 3, 2), True),
        (datetime(2026, 3, 1, tzinfo=UTC), None, False),
    ],
)
def test_the_exporter_is_registered_from_a_day_in_the_zone_of_the_authority(
    accepted_at: datetime, registered_at: date | None, *, registered: bool
) -> None:
    expected = () if registered else ("general-licence.not-registered",)
    assert reasons(replace(GENERAL, registered_at=registered_at), accepted_at=accepted_at) == expected
    single = replace(GENERAL, registered_at=registered_at, type=LicenceType.INDIVIDUAL)
    assert reasons(single, accepted_at=accepted_at) == ()


def test_items_are_excluded_by_the_start_of_the_control_code_of_their_line() -> None:
    assert reasons(a_licence(excluded_items=("2B204",))) == ("item.excluded",)
    assert reasons(a_licence(excluded_items=("2B2",))) == ("item.excluded",)
    assert reasons(a_licence(excluded_items=("2B204.a", "B204"))) == ()


@pytest.mark.parametrize(("quantity", "covered"), [("10.5", True), ("10.500001", False)])
def test_the_tolerance_of_a_line_comes_before_that_of_the_authority(quantity: str, *, covered: bool) -> None:
    for authority in ("0", "0.5"):
        draw = a_draw(quantity, units=(Unit("KGM"),))
        play = Play(a_licence(KILOS), a_demand(draw), rule_set=rule_set(quantity=Ceiling(Decimal(authority))))
        assert play.answer.reasons == (() if covered else ("quantity.overrun",))


def test_a_tolerance_taken_back_below_what_is_drawn_is_said_and_takes_nothing_back() -> None:
    play = Play(a_licence(KILOS), a_demand(a_draw("10.5", units=(Unit("KGM"),))))
    play.change(lines=(replace(KILOS, tolerance=Decimal(0)),))
    assert play.codes == ["quantity.overrun"]
    assert play.quantity() == (Decimal("10.5"), 0, 0)


def test_a_tolerance_below_zero_is_not_judged_by() -> None:
    with pytest.raises(Rejected, match=r"line 1: tolerance -0\.1 is below zero"):
        Play(a_licence(replace(KILOS, tolerance=Decimal("-0.1"))))


TERMS = st.fixed_dictionaries(
    {
        "type": st.sampled_from(LicenceType),
        "destinations": st.sampled_from([(), (INDIA,), (CountryCode("US"),)]),
        "excluded_destinations": st.sampled_from([(), (INDIA,)]),
        "excluded_items": st.sampled_from([(), ("2B",), ("0C001",)]),
        "registered_at": st.sampled_from([None, date(2026, 1, 15), date(2027, 1, 1)]),
        "tolerance": st.sampled_from([None, Decimal(0), Decimal("0.5")]),
    }
)


ASKED = st.lists(st.tuples(st.integers(1, 3), st.sampled_from(Phase)), max_size=4)


@given(st.lists(TERMS, min_size=1, max_size=3), ASKED)
def test_an_account_that_shares_nothing_answers_the_same(terms: list[Any], asked: list[tuple[int, Phase]]) -> None:
    codec, play = Codec(), Play()
    consumed: dict[str, tuple[int, Plain]] = {}
    for revision, changes in enumerate(terms, 1):
        line = replace(a_line(), tolerance=changes.pop("tolerance"))
        messages = [a_licence(line, revision=revision, **changes)]
        demands = [
            a_demand(a_draw(str(q)), mrn=a_demand().mrn, phase=p, revision=n + len(asked) * revision)
            for n, (q, p) in enumerate(asked, 1)
        ]
        for message in (*messages, *demands):
            play.hand(message)
            consumed[message.identity] = len(consumed), plain(codec.encode(message))
    audit = Audit(REF, consumed.get).follow([plain(codec.encode(entry)) for entry in play.entries])
    assert audit.wrong == []
    assert audit.causes == consumed.keys()
