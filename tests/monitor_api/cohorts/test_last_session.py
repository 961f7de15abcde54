"""The last session under a prescription that is not in force: what it would have been, and which limits it breaks."""

from dataclasses import replace
from datetime import timedelta

import pytest

from clinical.adherence.slots import SlotState
from clinical.plan import Phase, Timing
from clinical.practice import PRACTICE, PracticeFrom
from monitor_api.cohorts.last_session import last_session, last_use
from tests.lumenward.replay.cases import DAY, HOUR, NOON, case, past, regimen
from vocabulary.devices import Modality
from vocabulary.quantities import Quantity, Unit

NOW = NOON + DAY
WEEKLY = Timing(frequency=3, period=timedelta(weeks=1), weekdays=())


def phase(dose, lasts=None):
    return Phase(lasts=lasts, timing=WEEKLY, duration=timedelta(minutes=8), dose=Quantity(dose, Unit.JOULE))


def tried(case_, regimen_):
    use = last_use(case_.course, Modality.RF, NOW)
    return last_session(case_, use, regimen_, NOW)


@pytest.mark.parametrize(
    ("planned", "share", "state"),
    [
        (3600.0, 1.0, SlotState.TAKEN),
        (4500.0, 0.8, SlotState.TAKEN),
        (4600.0, 3600 / 4600, SlotState.PARTIAL),
        (18000.0, 0.2, SlotState.PARTIAL),
        (18100.0, 3600 / 18100, SlotState.MISSED),
    ],
)
def test_it_says_how_much_of_the_planned_dose_the_last_session_gave_and_what_that_makes_of_it(planned, share, state):
    found = tried(case(past()), replace(regimen(), phases=(phase(planned),)))
    assert found.dose.low <= share <= found.dose.high
    assert found.dose.high - found.dose.low < 1e-9
    assert found.state is state


def test_what_that_makes_of_it_its_clinic_decides():
    lenient = PracticeFrom(practice=replace(PRACTICE, taken_fraction=0.5), from_at=NOW)
    made = case(past())
    decided = replace(made, course=replace(made.course, practices=(lenient,)))
    planned = replace(regimen(), phases=(phase(6000.0),))
    assert [tried(one, planned).state for one in (made, decided)] == [SlotState.PARTIAL, SlotState.TAKEN]


def test_it_names_each_limit_that_the_last_session_breaks_and_none_of_those_before_it():
    two = case(past(counter=1, started=NOON - 30 * HOUR, highest_skin_celsius=44.0), past(counter=2))
    assert {one.rule for one in tried(two, regimen(rest=36 * HOUR)).broken} == {"too-soon"}
    assert tried(two, regimen(rest=20 * HOUR)).broken == ()
    less = tried(two, replace(regimen(rest=20 * HOUR), phases=(phase(2000.0),)))
    assert {one.rule for one in less.broken} == {"over-dose"}


def test_it_counts_by_the_phase_that_would_have_run_and_by_the_first_where_nothing_was_prescribed():
    two_phases = replace(regimen(), phases=(phase(18000.0, timedelta(weeks=2)), phase(3600.0)))
    since_a_month = case(past())
    never = replace(since_a_month, course=replace(since_a_month.course, regimens=()))
    assert tried(since_a_month, two_phases).state is SlotState.TAKEN
    assert tried(never, two_phases).state is SlotState.PARTIAL


def test_the_last_session_is_the_last_whose_record_is_here_with_those_that_follow_at_once():
    first, again = past(counter=1), past(counter=2, started=NOON + timedelta(minutes=9))
    running = past(counter=3, started=NOON + 5 * HOUR, recorded=False)
    assert last_use(case(first, again, running).course, Modality.RF, NOW).ids == (first.session, again.session)
    assert last_use(case(running).course, Modality.RF, NOW) is None
    assert last_use(case(first).course, Modality.LED, NOW) is None


def test_the_last_session_is_the_last_in_time_in_whatever_order_they_are_stored():
    first, last = past(counter=1, started=NOON - 30 * HOUR), past(counter=2)
    for stored in ((first, last), (last, first), (last, first, last)):
        assert last_use(case(*stored).course, Modality.RF, NOW).ids == (last.session,)
