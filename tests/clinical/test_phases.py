"""Which phase runs: by therapy days, as the slots of a round."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from clinical.adherence.days import TherapyDays
from clinical.adherence.phases import PhaseDays, phase_days
from clinical.adherence.rounds import plan_of
from clinical.practice import PRACTICE
from tests.clinical.courses import course, phase, written
from vocabulary.devices import Modality

WEEK = timedelta(weeks=1)
ZURICH = TherapyDays(ZoneInfo("Europe/Zurich"), time(4))
SIGNED = datetime(2026, 3, 4, 18, tzinfo=UTC)
"""A Wednesday, at seven in the evening in Zurich; the clocks change on the last Sunday of the month."""

FIRST, SECOND, OPEN = phase(1, 1, lasts=2 * WEEK), phase(3, 7, lasts=4 * WEEK), phase(1, 7)
TURN = datetime(2026, 3, 18, 3, tzinfo=UTC)
OVER = datetime(2026, 4, 15, 2, tzinfo=UTC)
"""Four in the morning of the days after, by winter and by summer time."""

SECOND_LONG = timedelta(seconds=1)


def test_a_phase_turns_where_a_therapy_day_begins():
    phases = PhaseDays((FIRST, SECOND, OPEN), SIGNED, ZURICH)
    asked = (SIGNED - timedelta(days=1), SIGNED, TURN - SECOND_LONG, TURN, OVER - SECOND_LONG, OVER)
    assert [phases.at(at) for at in asked] == [None, FIRST, FIRST, SECOND, SECOND, OPEN]
    assert [phases.turns_at(at) for at in asked] == [None, TURN, TURN, OVER, OVER, None]
    assert (phases.last_day, phases.over_at) == (None, None)


def test_after_its_last_phase_nothing_runs_and_the_last_is_the_nearest():
    phases = PhaseDays((FIRST, SECOND), SIGNED, ZURICH)
    assert (phases.last_day, phases.over_at) == (date(2026, 4, 14), OVER)
    assert [phases.at(at) for at in (OVER - SECOND_LONG, OVER)] == [SECOND, None]
    assert (phases.turns_at(OVER), phases.near(OVER), phases.near(SIGNED - 9 * WEEK)) == (None, SECOND, FIRST)


@given(
    weeks=st.lists(st.integers(1, 3), min_size=1, max_size=3),
    is_open=st.booleans(),
    begins=st.integers(0, 7 * 24 * 60),
    after=st.integers(0, 14 * 7 * 24 * 60),
    zone=st.sampled_from(["Europe/Zurich", "Asia/Kathmandu", "America/Los_Angeles"]),
)
def test_a_session_is_judged_by_the_phase_that_its_slot_is_of(weeks, is_open, begins, after, zone):
    phases = [phase(index + 1, 7, lasts=number * WEEK) for index, number in enumerate(weeks)]
    from_at = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(minutes=begins)
    version = written(*phases, *([phase(1, 1)] if is_open else []), from_at=from_at)
    made = course([version], zone=zone)
    plan, at = plan_of(made, PRACTICE.day_starts), from_at + timedelta(minutes=after)
    stint = plan.stint_on(plan.days.of(at), Modality.LED)
    assert phase_days(made, version, at).at(at) == (stint.phase if stint else None)
