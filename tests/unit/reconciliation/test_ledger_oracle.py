"""Random lives of licences and shipments: the ledger agrees with a naive account, and its record gives it back."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import ClassVar

import pytest
from hypothesis import seed
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from services.core.messages import Basis, Draw, LicenceStatus, PeriodLimit, Phase, Requirements
from services.core.values import CountryCode, Unit
from services.reconciliation.domain.ledger import from_record, to_record
from services.reconciliation.domain.verification import entries_are_columns, verify
from tests.builders import ACCEPTED_AT, ISSUED, a_demand, a_draw, a_licence, a_line, a_status, an_authorisation, mrn
from tests.integration.faults.report import FULL, SEED, Report
from tests.ledger_play import Play, recorded
from tests.unit.reconciliation.ledger_oracle import Oracle
from tests.unit.reconciliation.ledger_oracle_ships import Asked

BEFORE_ACCEPTANCE = datetime(2026, 2, 1, tzinfo=UTC)
SELDOM = st.sampled_from([False] * 9 + [True])
DAYS = {1: 0, 2: 1, 3: 1, 4: 3, 5: 8}
"""On which each shipment is accepted."""
PERIODS = st.one_of(
    st.none(),
    st.tuples(
        st.sampled_from([1, 2, 4]),
        st.one_of(st.none(), st.integers(min_value=2, max_value=9)),
        st.one_of(st.none(), st.integers(min_value=100, max_value=900)),
    ),
)
AMOUNTS = st.integers(min_value=3, max_value=12)
ASKED = st.builds(
    Asked,
    item=st.just(0),
    line=st.sampled_from([1, 1, 1, 2, 2, 3]),
    quantity=st.integers(min_value=1, max_value=7),
    value=st.integers(min_value=1, max_value=500),
    forbidden=SELDOM,
    foreign=SELDOM,
    left=st.one_of(st.none(), st.integers(min_value=0, max_value=8)),
)


def message_of(asked: Asked, phase: Phase) -> Draw:
    exits = phase is Phase.EXITED and asked.left is not None
    return a_draw(
        str(asked.quantity),
        str(asked.value),
        item=asked.item,
        line=asked.line,
        destination=CountryCode("PK" if asked.forbidden else "IN"),
        units=(Unit("KGM" if asked.foreign else "NAR"),),
        exited_quantity=Decimal(asked.left or 0) if exits else None,
        exited_amount=Decimal((asked.left or 0) * 100) if exits else None,
    )


def limit_of(days: int, quantity: int | None, value: int | None) -> PeriodLimit:
    figures = (None if most is None else Decimal(most) for most in (quantity, value))
    return PeriodLimit(days=days, quantity=next(figures), value=next(figures))


@seed(SEED)
class Lives(RuleBasedStateMachine):
    """One licence, five shipments of up to three draws."""

    report: ClassVar[Report]

    def __init__(self) -> None:
        super().__init__()
        self.play = Play()
        self.oracle = Oracle()
        self.asked: dict[int, list[Asked]] = {}

    @rule(
        quantity=AMOUNTS,
        value=AMOUNTS,
        other=AMOUNTS,
        suspended=SELDOM,
        tolerance=st.sampled_from([0, 0, 10, 50]),
        excluded=SELDOM,
        needs_key=st.booleans(),
        period=PERIODS,
    )
    def the_licence_changes(
        self,
        quantity: int,
        value: int,
        other: int,
        *,
        suspended: bool,
        tolerance: int = 0,
        excluded: bool = False,
        needs_key: bool = False,
        period: tuple[int, int | None, int | None] | None = None,
    ) -> None:
        one = a_line(1, Basis.BOTH, str(quantity), "NAR", str(value * 100), "EUR")
        limits = () if period is None else (limit_of(*period),)
        lines = (
            replace(one, control_code="0C001.a", tolerance=Decimal(tolerance) / 100, periods=limits),
            a_line(2, Basis.QUANTITY, str(other), "NAR", None, "EUR"),
        )
        steps = (ISSUED, a_status(LicenceStatus.SUSPENDED, BEFORE_ACCEPTANCE)) if suspended else (ISSUED,)
        self.report.messages += 1
        known = self.play.state.terms
        revision = known.revision + 1 if known else 1
        without = ("2B204",) if excluded else ()
        requires = Requirements(federal_authorisation=needs_key, end_use_certificate=False, state_guarantee=False)
        self.play.hand(a_licence(*lines, statuses=steps, revision=revision, excluded_items=without, requires=requires))
        self.oracle.excluded, self.oracle.period = excluded, period
        authorised = {1: (quantity * (100 + tolerance) // 100, value * (100 + tolerance)), 2: (other, 0)}
        self.oracle.licence(authorised, suspended=suspended, needs_key=needs_key)

    @rule(
        number=st.integers(1, 2),
        live=st.sampled_from([True, True, True, False]),
        only=st.sampled_from([None, None, 1, 2]),
        most=st.one_of(st.none(), st.integers(2, 15)),
    )
    def a_federal_authorisation_changes(self, number: int, only: int | None, most: int | None, *, live: bool) -> None:
        self.report.messages += 1
        known = [of for of in self.play.state.authorisations if of.ref == f"FED/{number}"]
        steps = (ISSUED,) if live else (ISSUED, a_status(LicenceStatus.REVOKED, BEFORE_ACCEPTANCE))
        limit = {"quantity": most and Decimal(most), "unit": most and Unit("NAR")}
        revision = known[0].revision + 1 if known else 1
        made = an_authorisation(ref=f"FED/{number}", revision=revision, line=only, statuses=steps, **limit)
        self.play.hand(made)
        self.oracle.key(number, live=live, only=only, most=most)
        assert self.play.hand(made).outputs == ()

    @initialize(arrives=st.sampled_from([True, True, True, False]), period=PERIODS)
    def a_licence_mostly_comes_first(self, period: tuple[int, int | None, int | None] | None, *, arrives: bool) -> None:
        if arrives:
            self.the_licence_changes(10, 8, 6, suspended=False, needs_key=False, period=period)

    @rule(number=st.integers(1, 5), asked=st.lists(ASKED, min_size=1, max_size=3))
    def a_shipment_is_accepted(self, number: int, asked: list[Asked]) -> None:
        self.ask(number, Phase.ACCEPTED, [replace(a, item=place) for place, a in enumerate(asked, 1)], final=False)

    @rule(
        number=st.integers(1, 5), phase=st.sampled_from(Phase), final=st.booleans(), asked=st.lists(ASKED, max_size=3)
    )
    def a_shipment_asks(self, number: int, phase: Phase, asked: list[Asked], *, final: bool) -> None:
        self.ask(number, phase, [replace(a, item=place) for place, a in enumerate(asked, 1)], final=final)

    @rule(number=st.integers(1, 5), phase=st.sampled_from(Phase), final=st.booleans())
    def a_shipment_changes_phase(self, number: int, phase: Phase, *, final: bool) -> None:
        self.ask(number, phase, self.asked.get(number, []), final=final)

    @rule(number=st.integers(1, 5), item=st.integers(1, 3), more=st.integers(-3, 3), forbidden=SELDOM)
    def a_shipment_is_amended(self, number: int, item: int, more: int, *, forbidden: bool) -> None:
        if number in self.asked:
            ship = self.oracle.ships[number]
            asked = [
                replace(a, quantity=max(1, a.quantity + more), forbidden=forbidden) if a.item == item else a
                for a in self.asked[number]
            ]
            self.ask(number, Phase(ship.phase), asked, final=ship.final)

    @rule(number=st.integers(1, 5), older=st.integers(0, 3))
    def a_message_comes_again(self, number: int, older: int) -> None:
        held = self.play.state.shipments.get(mrn(number))
        if held is not None:
            last = held.demand
            again = last if older == 0 else replace(last, revision=last.revision - older, draws=())
            assert self.play.hand(again).outputs == ()
            self.report.repeats += 1
        if self.play.state.terms is not None:
            assert self.play.hand(self.play.state.terms).outputs == ()

    @rule(number=st.integers(1, 5), asked=st.lists(ASKED, min_size=1, max_size=2))
    def a_declaration_is_pre_lodged(self, number: int, asked: list[Asked]) -> None:
        asked = [replace(a, item=place) for place, a in enumerate(asked, 1)]
        self.ask(number, Phase.ACCEPTED, asked, final=False, early=True)

    @rule(
        number=st.integers(1, 5),
        asked=st.lists(ASKED, min_size=1, max_size=2),
        completes=st.sets(st.integers(1, 5), min_size=1, max_size=3),
        withdrawn=SELDOM,
    )
    def a_declaration_completes_others(
        self, number: int, asked: list[Asked], completes: set[int], *, withdrawn: bool
    ) -> None:
        asked = [replace(a, item=place) for place, a in enumerate(asked, 1)]
        phase = Phase.INVALIDATED if withdrawn else Phase.RELEASED
        self.ask(number, phase, asked, final=False, completes=tuple(sorted(completes - {number})))

    @rule(number=st.integers(1, 5))
    def a_declaration_that_completes_others_is_invalidated(self, number: int) -> None:
        ship = self.oracle.ships.get(number)
        if ship is not None and ship.completes:
            self.ask(number, Phase.INVALIDATED, self.asked[number], final=False, completes=ship.completes)

    def ask(
        self,
        number: int,
        phase: Phase,
        asked: list[Asked],
        *,
        final: bool,
        early: bool = False,
        completes: tuple[int, ...] = (),
    ) -> None:
        self.report.messages += 1
        self.asked[number] = asked
        final = final and phase is Phase.EXITED
        demand = replace(
            a_demand(mrn=mrn(number), phase=phase, final_exit=final),
            draws=tuple(message_of(a, phase) for a in asked),
            pre_lodged=early,
            completes=tuple(mrn(other) for other in completes),
            accepted_at=ACCEPTED_AT + timedelta(days=DAYS[number]),
        )
        self.play.ask(demand)
        told = [replace(a, day=DAYS[number]) for a in asked]
        self.oracle.ask(number, phase.value, told, final=final, early=early, completes=completes)

    @invariant()
    def columns_agree(self) -> None:
        if self.oracle.authorised is None:
            return
        for line in (1, 2):
            quantity, value = self.play.quantity(line), self.play.value(line)
            assert list(zip(quantity, value, strict=True)) == self.oracle.columns(line)

    @invariant()
    def verdicts_agree(self) -> None:
        numbers = {mrn(number): number for number in range(1, 6)}
        held = [
            (numbers[s.mrn], d.draw.item, d.draw.line, d.verdict.value)
            for s in self.play.state.shipments.values()
            for d in s.draws
        ]
        assert held == self.oracle.verdicts()

    def teardown(self) -> None:
        assert list(verify(recorded(self.play.entries))) == []
        assert list(entries_are_columns(recorded(self.play.entries), self.play.state)) == []
        assert from_record(to_record(self.play.state)) == self.play.state
        self.report.entries += len(self.play.entries)


@pytest.mark.timeout(900 if FULL else 120)
def test_random_lives_agree_with_the_naive_account() -> None:
    Lives.report = Report("model test")
    run_state_machine_as_test(Lives)
    Lives.report.judge()
