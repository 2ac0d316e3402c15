"""The status machine of a licence."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.messages import LicenceStatus, StatusChange
from services.licensing.domain.status import FINAL, STEPS, IllegalStep, standing, status_at, with_step
from tests.unit.licensing.test_register_handlers import a_licence

DAY = datetime(2026, 1, 15, tzinfo=UTC)
ISSUED: tuple[StatusChange, ...] = (StatusChange(status=LicenceStatus.ISSUED, effective_at=DAY),)


def step(status: LicenceStatus, days: int) -> StatusChange:
    return StatusChange(status=status, effective_at=DAY + timedelta(days=days))


def history(*steps: tuple[LicenceStatus, int]) -> tuple[StatusChange, ...]:
    return (*ISSUED, *(step(status, days) for status, days in steps))


def test_a_suspended_licence_can_be_reinstated_and_suspended_again() -> None:
    statuses = ISSUED
    for n, status in enumerate([LicenceStatus.SUSPENDED, LicenceStatus.REINSTATED, LicenceStatus.SUSPENDED]):
        statuses = with_step(statuses, step(status, n))
    assert [s.status for s in statuses[1:]] == ["SUSPENDED", "REINSTATED", "SUSPENDED"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (LicenceStatus.SUSPENDED, LicenceStatus.SUSPENDED),
        (LicenceStatus.REVOKED, LicenceStatus.REINSTATED),
        (LicenceStatus.ANNULLED, LicenceStatus.REVOKED),
        (LicenceStatus.EXPIRED, LicenceStatus.SUSPENDED),
        (LicenceStatus.SURRENDERED, LicenceStatus.REINSTATED),
    ],
)
def test_an_illegal_step_is_refused_and_says_why(before: LicenceStatus, after: LicenceStatus) -> None:
    with pytest.raises(IllegalStep, match=f"{before.lower()} cannot become {after.lower()}"):
        with_step(history((before, 1)), step(after, 2))


LEGAL = {
    "ISSUED": "SUSPENDED REVOKED ANNULLED SURRENDERED EXPIRED EXHAUSTED",
    "REINSTATED": "SUSPENDED REVOKED ANNULLED SURRENDERED EXPIRED EXHAUSTED",
    "SUSPENDED": "REINSTATED REVOKED ANNULLED SURRENDERED EXPIRED",
    "EXHAUSTED": "REINSTATED REVOKED ANNULLED EXPIRED",
    "REVOKED": "ANNULLED",
    "SURRENDERED": "ANNULLED",
    "EXPIRED": "ANNULLED",
    "ANNULLED": "",
}


@pytest.mark.parametrize("before", LicenceStatus)
@pytest.mark.parametrize("after", LicenceStatus)
def test_every_pair_of_statuses_is_legal_or_refused(before: LicenceStatus, after: LicenceStatus) -> None:
    statuses = ISSUED if before is LicenceStatus.ISSUED else (*ISSUED, step(before, 1))
    if after in LEGAL[before].split():
        assert with_step(statuses, step(after, 2)) == (*statuses, step(after, 2))
    else:
        with pytest.raises(IllegalStep):
            with_step(statuses, step(after, 2))


def test_a_licence_that_was_never_suspended_cannot_be_reinstated() -> None:
    with pytest.raises(IllegalStep):
        with_step(ISSUED, step(LicenceStatus.REINSTATED, 1))


def test_nothing_takes_effect_before_the_issue() -> None:
    with pytest.raises(IllegalStep, match="before the licence was issued"):
        with_step(ISSUED, step(LicenceStatus.SUSPENDED, -1))


def test_a_step_into_the_past_stands_where_it_takes_effect() -> None:
    statuses = history((LicenceStatus.SUSPENDED, 1), (LicenceStatus.REINSTATED, 10))
    with pytest.raises(IllegalStep, match="suspended cannot become suspended"):
        with_step(statuses, step(LicenceStatus.SUSPENDED, 5))
    revoked = with_step(statuses, step(LicenceStatus.REVOKED, 5))
    assert [s.status for s in revoked] == ["ISSUED", "SUSPENDED", "REVOKED"]


def test_a_step_that_is_no_end_never_removes_a_later_one() -> None:
    with pytest.raises(IllegalStep, match="suspended cannot become suspended, recorded for later"):
        with_step(history((LicenceStatus.SUSPENDED, 10)), step(LicenceStatus.SUSPENDED, 5))


def test_an_annulment_recorded_for_later_outlives_an_earlier_expiry() -> None:
    statuses = with_step(history((LicenceStatus.ANNULLED, 10)), step(LicenceStatus.EXPIRED, 5))
    assert [s.status for s in statuses] == ["ISSUED", "EXPIRED", "ANNULLED"]


def test_the_status_in_force_is_the_last_that_has_taken_effect() -> None:
    statuses = history((LicenceStatus.SUSPENDED, 1), (LicenceStatus.REINSTATED, 10))
    assert status_at(statuses, DAY - timedelta(days=1)) is LicenceStatus.ISSUED
    assert status_at(statuses, DAY + timedelta(days=1)) is LicenceStatus.SUSPENDED
    assert status_at(statuses, DAY + timedelta(days=10) - timedelta(microseconds=1)) is LicenceStatus.SUSPENDED
    assert status_at(statuses, DAY + timedelta(days=10)) is LicenceStatus.REINSTATED


def test_the_table_names_every_status_and_nothing_returns_to_issued() -> None:
    assert set(STEPS) == set(LicenceStatus)
    assert all(LicenceStatus.ISSUED not in following for following in STEPS.values())
    assert {"REVOKED", "ANNULLED", "SURRENDERED", "EXPIRED"} == FINAL


@given(st.lists(st.tuples(st.sampled_from([s for s in LicenceStatus if s != "ISSUED"]), st.integers(-5, 30))))
def test_whatever_is_asked_the_history_stays_ordered_and_every_neighbour_legal(
    asked: list[tuple[LicenceStatus, int]],
) -> None:
    statuses = ISSUED
    for status, days in asked:
        try:
            statuses = with_step(statuses, step(status, days))
        except IllegalStep:
            continue
    assert list(statuses) == sorted(statuses, key=lambda s: s.effective_at)
    assert statuses[0] == ISSUED[0]
    assert all(b.status in STEPS[a.status] for a, b in pairwise(statuses))


@pytest.mark.parametrize(
    ("status", "instant", "expected"),
    [
        ("ISSUED", "2026-03-31T21:59:59+00:00", "ISSUED"),
        ("ISSUED", "2026-03-31T22:00:00+00:00", "EXPIRED"),
        ("SUSPENDED", "2026-03-31T22:00:00+00:00", "EXPIRED"),
        ("EXHAUSTED", "2026-03-31T22:00:00+00:00", "EXPIRED"),
        ("REVOKED", "2026-03-31T22:00:00+00:00", "REVOKED"),
    ],
)
def test_after_the_last_day_in_the_authoritys_zone_a_licence_is_expired(
    status: str, instant: str, expected: str
) -> None:
    steps = ISSUED if status == "ISSUED" else history((LicenceStatus(status), 1))
    licence = replace(a_licence(), statuses=steps, valid_to=date(2026, 3, 31))
    assert standing(licence, datetime.fromisoformat(instant)) == expected
    assert standing(replace(licence, valid_to=None), datetime.fromisoformat(instant)) == status
