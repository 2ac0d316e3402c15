"""The handling of one message, step by step: each step is an entry, applied at once."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

from services.core.decision import Decision
from services.core.errors import Corrupt
from services.core.messages import (
    Authorisation,
    CarriedOn,
    CarryOver,
    Cover,
    Demand,
    Entry,
    EntryCause,
    EntryOrigin,
    Finding,
    HeldDraw,
    HeldShipment,
    Licence,
    UsageReport,
)
from services.core.usage import Use
from services.core.values import LicenceRef, Mrn
from services.reconciliation.domain.carrying import passed_on, unused
from services.reconciliation.domain.case import Failure
from services.reconciliation.domain.chain import sealed
from services.reconciliation.domain.columns import Columns, opened, returned
from services.reconciliation.domain.findings import in_order, of_draw, of_licence, of_line
from services.reconciliation.domain.judged import Judged, answers
from services.reconciliation.domain.judgement import judge, judge_again, may_gain
from services.reconciliation.domain.lapsed import lost_before, lost_by_change, over_already
from services.reconciliation.domain.ledger import LicenceLedger, apply, completed_by, is_stood_in
from services.reconciliation.domain.rule_set import RuleSet
from services.reconciliation.domain.second_keys import with_authorisation
from services.reconciliation.domain.spread import less_on_a_day
from services.reconciliation.domain.supplementary import lift, post, with_exits
from services.reconciliation.domain.usage import in_its_place, more_with


class Booking:
    """Entries, covers and findings of one message. Lives as long as the message is handled."""

    def __init__(self, ledger: LicenceLedger, cause_id: str, now: datetime, rules: RuleSet) -> None:
        self.ledger = ledger
        self._cause_id = cause_id
        self._now = now
        self._rules = rules
        self._known = ledger
        self._columns = Columns(ledger.balances, ledger.spread)
        self._entries: list[Entry] = []
        self._carried: list[CarryOver | CarriedOn] = []
        self._covers: list[Cover] = []
        self._findings: list[Finding] = []
        self._answered: dict[Mrn, HeldShipment | None] = {}

    def decision(self) -> Decision[LicenceLedger]:
        """The ledger as it now stands and everything that follows, in the one order."""
        findings = sorted(self._findings, key=in_order)
        return Decision(self.ledger, (*self._entries, *self._carried, *self._covers, *findings))

    @property
    def entry(self) -> Entry:
        """That of the message itself, once it is recorded."""
        return self._entries[0]

    def licence(self, terms: Licence, more: Mapping[int, Use]) -> Entry:
        """Record the licence as it now stands, and draw so much more of its lines for what is reported."""
        over = over_already(self.ledger, terms, self.ledger.authorisations, self._now)
        self._columns = Columns(opened(terms, self.ledger.balances, self.ledger.carried))
        self._use(more, 1)
        entry = self._record(EntryCause.LICENCE, terms=terms, raised=over)
        self._columns.spread = self.ledger.spread
        return entry

    def authorisation(self, of: Authorisation) -> Entry:
        """Record what stands beside the licence as it now is."""
        beside = with_authorisation(self.ledger.authorisations, of)
        over = over_already(self.ledger, self.ledger.terms, beside, self._now)
        return self._record(EntryCause.LICENCE, EntryOrigin.AUTHORISATION, authorisation=of, raised=over)

    def hand_over(self, to: LicenceRef) -> None:
        """Give away what is unused, line by line."""
        terms = self._terms()
        for one in list(unused(terms, to, self.ledger.balances, self.ledger.revision + 1)):
            self.carry(one)
            self._carried.append(one)

    def carry(self, one: CarryOver) -> None:
        """Record what is handed over, by this licence or to it; before the licence is known it waits with it."""
        terms, carried = self.ledger.terms, (*self.ledger.carried, one)
        if terms is not None:
            self._columns = Columns(opened(terms, self.ledger.balances, carried), self.ledger.spread)
        self._record(EntryCause.LICENCE, EntryOrigin.CARRY_OVER, carried=one)

    def carry_on(self, one: CarryOver) -> None:
        """Pass on what came after this licence closed, as far as it is left."""
        terms = self._terms()
        onward = passed_on(terms, one, self.ledger.balances)
        if onward is not None:
            self.carry(onward)
            by, revision = self.ledger.licence, self.ledger.revision
            self._carried.append(CarriedOn(licence=onward.licence, by=by, revision=revision, carried=onward))

    def reminder(self, raised: Iterable[str]) -> Entry:
        """Record that the licence was looked at, and what is raised about it as a whole."""
        return self._record(EntryCause.LICENCE, EntryOrigin.REMINDER, raised=raised)

    def usage(self, report: UsageReport, more: Use) -> Entry:
        """Record a report of use, and draw so much more of its line."""
        if any(more):
            self._columns.use(report.line, more.quantity, more.value)
        return self._record(EntryCause.LICENCE, EntryOrigin.USAGE, usage=report)

    def demand(self, demand: Demand, held: HeldShipment | None) -> bool:
        """Answer a demand; whether an amount returned that others were refused."""
        before, spread, stood_in_for = self.ledger.balances, self.ledger.spread, self._stands_in_for(demand.mrn)
        draws = self._judged(demand, held)
        arrival = held.arrival if held else self.ledger.arrivals + 1
        revision = held.cover_revision + 1 if held else 1
        self._answer(EntryCause.DEMAND, demand, draws, arrival=arrival, revision=revision)
        self._pass_on(demand.mrn, stood_in_for)
        if not self.ledger.wanting:
            return False
        return returned(before, self.ledger.balances) or less_on_a_day(spread, self.ledger.spread)

    def licence_arrived(self, shipment: HeldShipment) -> None:
        """Judge for the first time what waited for the licence, whatever its phase."""
        waiting, stood_in_for = self.ledger.shipments[shipment.mrn], self._stands_in_for(shipment.mrn)
        self._again(waiting, self._judged(waiting.demand, waiting))
        self._pass_on(shipment.mrn, stood_in_for)

    def licence_changed(self, shipment: HeldShipment) -> None:
        """Judge an accepted shipment by the licence as it now stands."""
        stood_in = is_stood_in(self.ledger, shipment.demand)
        self._again(shipment, self._judged_again(shipment, stood_in=stood_in))

    def amounts_returned(self) -> None:
        """Judge again, in order of arrival, all that were refused for want of an amount."""
        for shipment in sorted((self.ledger.shipments[mrn] for mrn in self.ledger.wanting), key=lambda s: s.arrival):
            self.amount_returned(shipment)

    def amount_returned(self, shipment: HeldShipment) -> None:
        """Judge a refused shipment again when one of its draws now fits."""
        with self._in_place_of_reports(shipment.demand):
            gains = may_gain(self._columns, self._terms(), shipment, self._rules, beside=self.ledger.authorisations)
        if gains:
            self._again(shipment, self._judged_again(shipment, stood_in=False))

    def _judged_again(self, shipment: HeldShipment, *, stood_in: bool) -> tuple[Judged, ...]:
        beside = self.ledger.authorisations
        with self._in_place_of_reports(shipment.demand):
            return judge_again(self._columns, self._terms(), shipment, self._rules, beside=beside, stood_in=stood_in)

    @contextmanager
    def _in_place_of_reports(self, demand: Demand) -> Iterator[None]:
        """Meanwhile what reports draw that this shipment takes the place of is off the columns."""
        reported = in_its_place(self.ledger, demand)
        self._use(reported, -1)
        yield
        self._use(reported, 1)

    def _use(self, uses: Mapping[int, Use], sign: int) -> None:
        """Put what reports draw on the columns, or with sign -1 take it off."""
        for line, use in uses.items():
            self._columns.use(line, sign * use.quantity, sign * use.value)

    def _judged(self, demand: Demand, held: HeldShipment | None) -> tuple[Judged, ...]:
        """The draws of a demand; one that completes others is judged as if they held nothing."""
        ledger, columns = self.ledger, self._columns
        stood_in = is_stood_in(ledger, demand)
        others, terms, beside = completed_by(ledger, demand), ledger.terms, ledger.authorisations
        with self._in_place_of_reports(demand):
            lift(columns, others)
            draws = judge(columns, terms, demand, held, self._rules, beside=beside, stood_in=stood_in)
            post(columns, others)
        return with_exits(columns, ledger.terms, demand, draws, others, self._rules.codes) if others else draws

    def _stands_in_for(self, mrn: Mrn) -> tuple[Mrn, ...]:
        by_supplementary = self.ledger.completing.by_supplementary
        return by_supplementary.get(mrn, ()) if by_supplementary else ()

    def _pass_on(self, mrn: Mrn, stood_in_for: tuple[Mrn, ...]) -> None:
        """What the entry of a shipment changes for those it completes or completed, and for those that complete it."""
        now = self._stands_in_for(mrn)
        by_simplified = self.ledger.completing.by_simplified
        concerned = {*stood_in_for} ^ {*now} | ({*by_simplified.get(mrn, ())} if by_simplified else set())
        known = [self.ledger.shipments[other] for other in concerned if other in self.ledger.shipments]
        for shipment in sorted(known, key=lambda held: held.arrival):
            self._again(shipment, self._judged(shipment.demand, shipment))

    def _terms(self) -> Licence:
        if self.ledger.terms is None:
            raise Corrupt(f"{self.ledger.licence} has no terms to judge by again")
        return self.ledger.terms

    def _again(self, shipment: HeldShipment, draws: tuple[Judged, ...]) -> None:
        """An entry only when something changed, a cover only when the answer did."""
        if tuple(d.held for d in draws) == shipment.draws:
            return
        told = answers(d.held for d in draws) != answers(shipment.draws)
        revision = shipment.cover_revision + told
        arrival = shipment.arrival
        self._answer(EntryCause.REJUDGED, shipment.demand, draws, arrival=arrival, revision=revision, told=told)

    def raise_for_line(self, line: int, failure: Failure, entry: Entry) -> None:
        """Raise a finding about a licence line as a whole."""
        self._findings.append(of_line(line, failure, entry))

    def raise_for_licence(self, identity: str, failure: Failure, entry: Entry, line: int | None = None) -> None:
        """Raise a finding about the licence, or a line, under the id by which the entry says that it was raised."""
        self._findings.append(of_licence(identity, failure, entry, line))

    def raise_for_draw(self, demand: Demand, held: HeldDraw, failure: Failure, entry: Entry) -> None:
        """Raise a finding about a draw that stays as it is."""
        self._findings.append(of_draw(demand, held, failure, entry))

    def say_what_is_lost(self) -> None:
        """Raise what goods under way no longer stand on, where nobody heard of it before this message."""
        entry, known = self.entry, self._known
        lost = [*lost_before(self.ledger, self._answered, self._now, self._rules)]
        if entry.terms is not None or entry.authorisation is not None:
            lost += lost_by_change(self.ledger, known, self._now, self._rules)
        for demand, held, failure in lost:
            self.raise_for_draw(demand, held, failure, entry)

    def _answer(
        self,
        cause: EntryCause,
        demand: Demand,
        draws: tuple[Judged, ...],
        *,
        arrival: int,
        revision: int,
        told: bool = True,
    ) -> None:
        self._answered.setdefault(demand.mrn, self.ledger.shipments.get(demand.mrn))
        held = tuple([d.held for d in draws])
        shipment = HeldShipment(mrn=demand.mrn, demand=demand, arrival=arrival, cover_revision=revision, draws=held)
        for line, use in more_with(self.ledger, shipment):
            self._columns.use(line, use.quantity, use.value)
        entry = self._record(cause, shipment=shipment)
        if told:
            self._covers.append(self._cover(shipment, entry))
        for d in draws:
            self._findings.extend([of_draw(demand, d.held, failure, entry) for failure in d.new])

    def _cover(self, shipment: HeldShipment, entry: Entry) -> Cover:
        return Cover(
            licence=entry.licence,
            mrn=shipment.mrn,
            revision=shipment.cover_revision,
            demand_revision=shipment.demand.revision,
            draws=answers(shipment.draws),
            entry_revision=entry.revision,
            rule_set=entry.rule_set,
            decided_at=self._now,
        )

    def _record(
        self,
        cause: EntryCause,
        origin: EntryOrigin = EntryOrigin.CAUSE,
        *,
        terms: Licence | None = None,
        shipment: HeldShipment | None = None,
        authorisation: Authorisation | None = None,
        usage: UsageReport | None = None,
        carried: CarryOver | None = None,
        raised: Iterable[str] = (),
    ) -> Entry:
        entry = sealed(
            Entry(
                licence=self.ledger.licence,
                revision=self.ledger.revision + 1,
                cause=cause,
                cause_id=self._cause_id,
                recorded_at=self._now,
                rule_set=self._rules.name,
                terms=terms,
                shipment=shipment,
                balances=self._columns.settled(),
                origin=origin,
                authorisation=authorisation,
                usage=usage,
                carried=carried,
                raised=tuple(sorted(raised)),
                previous_hash=self.ledger.hash,
                hash="",
            )
        )
        self.ledger = apply(self.ledger, entry)
        self._entries.append(entry)
        return entry
