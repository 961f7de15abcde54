"""The civil clock of a demo hurries until it meets the present and then stays with it."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from vocabulary.clock import PRESENT, ClockMap

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
HURRIED = ClockMap(started_at=START, lead=timedelta(minutes=29), rate=30)


def test_it_starts_in_the_past_runs_at_its_rate_and_joins_the_present():
    assert HURRIED.civil(START) == START - timedelta(minutes=29)
    assert HURRIED.civil(START + timedelta(seconds=10)) == START - timedelta(minutes=24)
    assert HURRIED.civil(START + timedelta(seconds=60)) == START + timedelta(seconds=60)
    assert HURRIED.civil(START + timedelta(hours=2)) == START + timedelta(hours=2)


def test_outside_a_demo_civil_time_is_real_time():
    assert PRESENT.civil(START) == START == PRESENT.real(START)


@given(st.floats(0, 7200))
def test_the_real_time_of_a_civil_time_is_when_the_clock_showed_it(seconds):
    real = START + timedelta(seconds=seconds)
    assert abs(HURRIED.real(HURRIED.civil(real)) - real) < timedelta(milliseconds=1)


def test_it_passes_to_another_process_as_text():
    assert ClockMap.load(HURRIED.dump()) == HURRIED
