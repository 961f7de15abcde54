"""What is under way: sent again when it must be, later each time, and never while paho holds it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.uplink.flights import Flights, Pace
from tests.gateway.devices import NOON

FIRST, SECOND = (1, 1), (1, 2)


def flights(chance=0.5):
    return Flights(Pace(random=lambda: chance, resend_s=10.0, resend_most_s=40.0))


def test_a_batch_is_not_sent_again_while_paho_holds_it():
    flying = flights()
    flying.sent(FIRST, message=1, now=0.0, at=NOON)
    assert flying.under_way(1e6) == {FIRST}


def test_a_batch_that_the_broker_has_is_sent_again_without_a_receipt_later_each_time():
    flying, now, waits = flights(), 0.0, []
    for message in range(5):
        flying.sent(FIRST, message, now, NOON)
        flying.acknowledged(message)
        due = next(wait for wait in range(200) if FIRST not in flying.under_way(now + wait))
        waits.append(due)
        now += due
    assert waits == [15, 20, 30, 30, 30]


def test_a_new_connection_makes_everything_due_that_paho_does_not_hold():
    flying = flights()
    flying.sent(FIRST, 1, 0.0, NOON)
    flying.sent(SECOND, 2, 0.0, NOON)
    flying.acknowledged(1)
    flying.connected()
    assert flying.under_way(0.0) == {SECOND}


def test_a_receipt_tells_the_time_only_of_a_batch_sent_once_on_this_connection():
    flying = flights()
    flying.sent(FIRST, 1, 0.0, NOON)
    assert flying.landed([FIRST]) == NOON
    flying.sent(FIRST, 2, 0.0, NOON)
    flying.acknowledged(2)
    flying.sent(FIRST, 3, 60.0, NOON)
    assert flying.landed([FIRST]) is None
    flying.sent(SECOND, 4, 0.0, NOON)
    flying.connected()
    assert flying.landed([SECOND]) is None


def test_an_acknowledgement_of_nothing_that_is_known_changes_nothing():
    flying = flights()
    flying.sent(FIRST, 1, 0.0, NOON)
    flying.acknowledged(9)
    assert flying.under_way(1e6) == {FIRST}


@pytest.mark.parametrize(("tries", "longest"), [(0, 1), (1, 2), (4, 16), (6, 60), (10_000, 60)])
def test_the_wait_before_a_connection_grows_to_a_limit(tries, longest):
    assert Pace(random=lambda: 1.0).before_connecting(tries) == longest


@given(st.floats(0, 1), st.integers(0, 10_000))
def test_waits_are_spread_over_all_of_their_range(chance, tries):
    pace = Pace(random=lambda: chance)
    whole = Pace(random=lambda: 1.0).before_connecting(tries)
    assert pace.before_connecting(tries) == chance * whole
