"""Amendments that take effect later: what is taken, what is laid over, and what no longer fits."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from services.core.errors import Fault, Refused
from services.core.messages import Change, Licence, LicenceStatus, Party
from services.core.values import Eori, Unit
from services.licensing.adapters.pending_views import (
    identity,
    overlaid,
    pending_of,
    pending_view,
    stored,
    waiting_before,
)
from services.licensing.domain.pending import Pending, Schedule, State, moved_faults, schedule, take_effect, withdraw
from services.licensing.domain.registered import Registered
from services.licensing.handlers import change_status
from tests.unit.licensing.test_register_handlers import NOW, a_licence, a_step, registered

THEN = NOW + timedelta(days=30)
LATE = THEN + timedelta(hours=5)
WHY = Change(actor="officer-7", reason="new desk", legal_basis="art. 16(1)", effective_at=THEN)


def pending(**changes: Any) -> Pending:
    made = Pending("p1", a_licence().ref, {"contact": "desk"}, {"contact": None}, WHY, NOW)
    return replace(made, **changes)


def asked(made: Licence, *, base: Licence | None = None, revision: int = 1) -> Schedule:
    return Schedule(pending(), base or a_licence(), made, frozenset({revision}))


def refusal(known: Registered | None, command: Schedule) -> tuple[int, list[tuple[str, str]]]:
    with pytest.raises(Refused) as refused:
        schedule(known, None, command)
    return refused.value.status, [(f.path, f.code) for f in refused.value.faults]


def with_desk(licence: Licence) -> Licence:
    return replace(licence, contact="desk")


def test_one_is_kept_once_and_is_a_repeat_whatever_became_of_it() -> None:
    assert schedule(registered(), None, asked(with_desk(a_licence()))) == (pending(), True)
    done = pending(state=State.APPLIED, revision=2)
    assert schedule(registered(), done, asked(with_desk(a_licence()), revision=7)) == (done, False)


def test_what_could_not_be_an_amendment_is_refused_when_it_is_sent() -> None:
    made = with_desk(a_licence())
    assert refusal(None, asked(made)) == (404, [])
    assert refusal(registered(), asked(made, revision=2)) == (412, [("If-Match", "revision")])
    other = replace(a_licence(), holder=Party(eori=Eori("BE1")))
    assert refusal(registered(), asked(other)) == (422, [("/holder/eori", "fixed")])
    bound_to_end = change_status(registered(), a_step(LicenceStatus.REVOKED, effective_at=THEN)).state
    command = asked(made, base=bound_to_end.current, revision=2)
    assert refusal(bound_to_end, command) == (409, [("", "ended")])
    over = replace(a_licence(), valid_to=THEN.date() - timedelta(days=1))
    longer = asked(replace(over, valid_to=date(2028, 1, 1)), base=over)
    assert refusal(Registered(over, over), longer) == (409, [("", "ended")])


def test_at_its_time_it_is_the_next_revision_with_the_time_that_was_stated() -> None:
    settled, decision = take_effect(registered(), pending(), with_desk(a_licence()), (), LATE)
    (made,) = decision.outputs
    assert isinstance(made, Licence)
    assert (made.revision, made.contact, made.change, made.changed_at) == (2, "desk", WHY, LATE)
    assert settled == pending(state=State.APPLIED, revision=2, settled_at=LATE)


@pytest.mark.parametrize(
    ("known", "faults", "code"),
    [
        (registered(), (Fault("/valid_to", "validity-too-long", "…"),), "validity-too-long"),
        (change_status(registered(), a_step(LicenceStatus.REVOKED)).state, (), "ended"),
        (
            registered(),
            tuple(moved_faults(["contact"], a_licence(), replace(a_licence(), contact="x"), with_desk(a_licence()))),
            "changed-since",
        ),
    ],
)
def test_what_no_longer_fits_is_kept_with_its_faults_and_changes_nothing(
    known: Registered, faults: tuple[Fault, ...], code: str
) -> None:
    settled, decision = take_effect(known, pending(), with_desk(known.current), faults, LATE)
    assert (decision.outputs, decision.state) == ((), known)
    assert (settled.state, settled.settled_at, [f.code for f in settled.faults]) == (State.REFUSED, LATE, [code])


def test_what_stands_already_is_applied_without_a_revision() -> None:
    now = with_desk(a_licence())
    assert not [*moved_faults(["contact"], a_licence(), now, now)]
    amended = replace(now, revision=2, change=WHY)
    settled, decision = take_effect(Registered(a_licence(), amended), pending(), now, (), LATE)
    assert (decision.outputs, settled.state, settled.revision) == ((), State.APPLIED, 2)


def test_it_is_taken_back_by_who_says_why_and_not_when_it_is_done() -> None:
    by = Change(actor="officer-8", reason="mistake", effective_at=NOW)
    gone = withdraw(pending(), by, NOW)
    assert (gone.state, gone.closed) == (State.WITHDRAWN, by)
    assert withdraw(gone, replace(by, reason="again"), LATE) == gone
    assert withdraw(pending(state=State.REFUSED), by, NOW).state is State.WITHDRAWN
    with pytest.raises(Refused, match="taken effect"):
        withdraw(pending(state=State.APPLIED, revision=2), by, NOW)
    with pytest.raises(Refused, match="No such"):
        withdraw(None, by, NOW)


def test_times_and_faults_come_back_from_the_register_as_they_were() -> None:
    one = pending(faults=(Fault("/a", "b", "c"),), closed=WHY, settled_at=datetime(2026, 3, 2, 8, 15, tzinfo=UTC))
    read = pending_of(stored(one))
    assert read == one
    times = (read.change.effective_at, read.recorded_at, read.settled_at)
    assert all(at is not None and at.tzinfo is UTC for at in times), "a message takes no other"
    assert pending_view(pending_of(stored(one)))["effective_at"] == "2026-03-31T09:00:00Z"


def test_terms_are_laid_over_in_order_and_leave_the_rest() -> None:
    line = {"line": 1, "description": "press", "control_code": "2B204", "basis": "quantity", "unit": "NAR"}
    lines = [{**line, "quantity": "0.50"}]
    made = overlaid(a_licence(), [{"contact": "a", "lines": lines}, {"contact": "b"}]).stored()
    assert (made.contact, made.lines[0].quantity, made.lines[0].unit) == ("b", Decimal("0.50"), Unit("NAR"))
    assert made.statuses == a_licence().statuses


def test_only_what_waits_and_comes_first_is_counted_on() -> None:
    later = pending(change=replace(WHY, effective_at=LATE))
    assert waiting_before([pending(), later, pending(state=State.REFUSED)], THEN) == [pending()]


def test_who_why_and_when_make_another_amendment() -> None:
    known = {identity("VL/1", {1}, {"contact": "a"}, WHY), identity("VL/1", {1}, {"contact": "a"}, WHY)}
    for change in (replace(WHY, actor="x"), replace(WHY, reason=None), replace(WHY, effective_at=LATE)):
        known.add(identity("VL/1", {1}, {"contact": "a"}, change))
    known |= {identity("VL/1", {2}, {"contact": "a"}, WHY), identity("VL/1", {1}, {"contact": "b"}, WHY)}
    assert len(known) == 6
