"""The home's clock never steps, and tells the service how far it is off whenever the service would know it worse."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.clock import HomeClock, civil_clock
from vocabulary.clock import ClockMap
from vocabulary.errors import SettingsError

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
BORN = datetime(1970, 1, 1, tzinfo=UTC)
SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)


class Machine:
    """Its clock can be set; what has passed cannot."""

    def __init__(self, wall=NOON):
        self.set_to, self.passed = wall, timedelta(0)

    def wait(self, by):
        self.set_to, self.passed = self.set_to + by, self.passed + by

    def clock(self, environ=None):
        return civil_clock(environ or {}, wall=lambda: self.set_to, passed=lambda: self.passed)


@given(st.lists(st.tuples(st.integers(-400, 400), st.integers(0, 86400)), max_size=20))
def test_however_the_machine_s_clock_is_set_the_home_s_shows_what_has_passed(steps):
    machine = Machine()
    clock = machine.clock()
    for days, seconds in steps:
        machine.set_to += days * DAY
        machine.wait(seconds * SECOND)
    assert clock() == NOON + machine.passed


def test_a_demo_s_clock_is_as_steady():
    machine = Machine()
    hurried = ClockMap(started_at=NOON, lead=HOUR, rate=10)
    clock = machine.clock({"LUMENWARD_CLOCK": hurried.dump()})
    machine.set_to += 400 * DAY
    machine.wait(60 * SECOND)
    assert clock() == NOON - 50 * timedelta(minutes=1)


def test_a_text_that_is_no_clock_is_refused_in_words():
    with pytest.raises(SettingsError, match="is no clock"):
        civil_clock({"LUMENWARD_CLOCK": "noon"})


@pytest.fixture
def machine():
    return Machine(BORN)


@pytest.fixture
def home(machine):
    return HomeClock(machine.clock(), boot=3)


def receipt(home, sent_s, took_s, service_at):
    """A receipt of a batch that was sent so many seconds after the boot, and when the service had made it."""
    sent_at = BORN + timedelta(seconds=sent_s)
    return home.compare(service_at, sent_at, sent_at + timedelta(seconds=took_s))


def test_the_first_comparison_of_a_boot_is_told_with_half_of_its_round_trip_as_uncertainty(home):
    told = receipt(home, 10, 4, NOON)
    assert (told.boot, told.at, told.service_at, told.uncertainty_s) == (3, BORN + 12 * SECOND, NOON, 2.0)


def test_one_that_says_no_more_is_not_told_and_one_that_is_clearly_narrower_is(home):
    receipt(home, 10, 4, NOON)
    assert receipt(home, 20, 3.9, NOON + 10 * SECOND) is None
    assert receipt(home, 30, 0.2, NOON + 18.1 * SECOND).uncertainty_s == pytest.approx(0.1)


def test_a_comparison_is_told_again_when_the_clock_may_have_drifted_since(home):
    receipt(home, 0, 0.2, NOON)
    assert receipt(home, 3600, 0.2, NOON + HOUR) is None
    assert receipt(home, 6 * 3600, 0.2, NOON + 6 * HOUR) is not None


def test_a_difference_that_changed_is_told_at_once(home):
    receipt(home, 0, 0.2, NOON)
    assert receipt(home, 60, 0.2, NOON + 62 * SECOND) is not None


def test_a_receipt_that_came_before_its_batch_was_sent_says_nothing(home):
    assert receipt(home, 10, -1, NOON) is None


def test_the_home_believes_no_clock_until_it_has_been_compared(home, machine):
    machine.wait(10 * SECOND)
    assert home.believed() is None
    receipt(home, 10, 0, NOON)
    machine.wait(5 * SECOND)
    assert home.believed() == NOON + 5 * SECOND
