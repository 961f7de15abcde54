"""Orders while the home does not know what time it is: its own clock, off by years, decides nothing."""

from datetime import timedelta

import pytest

from gateway.clock import HomeClock
from tests.firmware_bridge.radio.loops import in_a_loop
from tests.gateway.commands import NOON, UID
from tests.gateway.orders.sealing import book, desired, sealed, stop
from vocabulary.wire.orders import Hold

SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)
HELD = desired(hold=Hold(until=NOON + 7 * DAY))


class Adrift:
    """A home whose clock is off; `real` is what the service goes by."""

    def __init__(self, tmp_path, off):
        self.path, self.off, self.passed = tmp_path, off, timedelta(0)
        self.clock = HomeClock(self.shown, boot=1)

    def shown(self):
        return NOON + self.off + self.passed

    def book(self):
        return book(self.path, now=self.clock.believed, passed=lambda: self.passed)

    def is_told_the_time(self):
        self.clock.compare(NOON + self.passed, self.shown(), self.shown())


@pytest.fixture(params=[-400 * DAY, 400 * DAY], ids=["behind", "ahead"])
def home(tmp_path, request):
    return Adrift(tmp_path, request.param)


@in_a_loop
async def test_a_hold_is_in_force_until_its_time_is_known_to_be_over(home):
    orders = home.book()
    await orders.take(sealed(HELD))
    home.passed = 8 * DAY
    assert (orders.hold(UID), orders.is_over(HELD)) == (HELD.hold, False)
    home.is_told_the_time()
    assert (orders.hold(UID), orders.is_over(HELD)) == (None, True)


@in_a_loop
async def test_a_hold_that_still_lasts_goes_on_when_the_time_is_known(home):
    orders = home.book()
    await orders.take(sealed(HELD))
    home.is_told_the_time()
    assert orders.hold(UID) == HELD.hold


@in_a_loop
async def test_a_stop_that_just_came_is_good_for_a_minute(home):
    orders, order = home.book(), stop(NOON + 5 * MINUTE)
    await orders.take(sealed(order))
    home.passed = 59 * SECOND
    assert not orders.is_over(order)
    home.passed = 60 * SECOND
    assert orders.is_over(order)


@in_a_loop
async def test_a_stop_is_held_to_its_own_time_as_soon_as_that_is_known(home):
    orders, order = home.book(), stop(NOON + 5 * MINUTE)
    await orders.take(sealed(order))
    home.passed = 2 * MINUTE
    home.is_told_the_time()
    assert not orders.is_over(order)
    home.passed = 5 * MINUTE
    assert orders.is_over(order)


@in_a_loop
async def test_a_stop_from_before_a_restart_waits_for_the_time_and_stops_no_later_session(home):
    order = stop(NOON + 5 * MINUTE)
    await home.book().take(sealed(order))
    orders = home.book()
    assert (orders.is_ripe(order), orders.is_over(order)) == (False, False)
    home.is_told_the_time()
    assert (orders.is_ripe(order), orders.is_over(order)) == (True, False)
    home.passed = 5 * MINUTE
    assert orders.is_over(order)
