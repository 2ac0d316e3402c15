"""When a licence may be drawn on: the quick answer is the one that the authority's clock gives."""

from datetime import UTC, date, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from services.core.messages import LicenceStatus
from services.reconciliation.domain.validity import USABLE, may_be_drawn_on, standing
from tests.builders import ISSUED, a_licence, a_status

FIRST, LAST = date(2026, 3, 1), date(2026, 3, 8)
# The clocks that are furthest from UTC, and one that skipped a day.
ZONES = st.sampled_from(["UTC", "Europe/Brussels", "Pacific/Kiritimati", "Etc/GMT+12", "Pacific/Apia"])
MOMENTS = st.builds(
    lambda seconds, zone: (datetime(2026, 2, 27, tzinfo=UTC) + timedelta(seconds=seconds)).astimezone(zone),
    st.integers(0, 13 * 86_400),
    st.sampled_from([UTC, timezone(timedelta(hours=14)), timezone(timedelta(hours=-12))]),
)
STEPS = st.lists(st.builds(a_status, st.sampled_from(LicenceStatus), MOMENTS), max_size=3)


@given(moment=MOMENTS, zone=ZONES, last=st.sampled_from([LAST, None, FIRST]), steps=STEPS)
def test_a_licence_may_be_drawn_on_as_it_stands_on_the_day_of_its_authority(
    moment: datetime, zone: str, last: date | None, steps: list[object]
) -> None:
    licence = a_licence(valid_from=FIRST, valid_to=last, time_zone=zone, statuses=(ISSUED, *steps))
    at = standing(licence, moment)
    assert may_be_drawn_on(licence, moment) == (at.in_term and at.status in USABLE)


def test_a_day_of_the_term_begins_at_midnight_of_the_authority() -> None:
    licence = a_licence(valid_from=FIRST, valid_to=LAST, time_zone="Pacific/Kiritimati")
    begins, ends = datetime(2026, 2, 28, 10, tzinfo=UTC), datetime(2026, 3, 8, 10, tzinfo=UTC)
    tick = timedelta(microseconds=1)
    drawn_on = [may_be_drawn_on(licence, moment) for moment in (begins - tick, begins, ends - tick, ends)]
    assert drawn_on == [False, True, True, False]
