"""Orders: done when the device is within reach, pursued until they are settled, and reported as they go."""

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta
from time import perf_counter

import pytest

from gateway.errors import LinkLost, LinkRefused, LinkUnsupported
from gateway.guard.guard import Guard
from gateway.orders.orders import QUEUE, Orders
from gateway.reach import Reach
from tests.firmware_bridge.radio.loops import in_a_loop, until
from tests.gateway.commands import NOON, UID, Obedient, Outlet, mark, rf_sample
from tests.gateway.orders.sealing import book, desired, sealed, stop
from vocabulary.devices import DeviceState
from vocabulary.wire.batches import GuardStop, OrderOutcome, ReportedOrder
from vocabulary.wire.orders import Hold

MINUTE = timedelta(minutes=1)
TAKEN, DONE, REFUSED, UNSUPPORTED, UNREACHABLE, EXPIRED = OrderOutcome
PERMIT = b"signed for the device"


class Home:
    """The way down of one home, with a device in its reach or not."""

    def __init__(self, tmp_path, *, outlet=None):
        self.path, self.outlet, self.reach, self.now = tmp_path, outlet or Outlet(), Reach(), NOON

    @asynccontextmanager
    async def running(self, device=None):
        orders = book(self.path, now=lambda: self.now)
        self.guard = Guard(self.reach, self.outlet.put, lambda: NOON, orders)
        self.orders = Orders(orders, self.guard, self.reach, self.outlet.put, clock=lambda: NOON)
        tasks = [asyncio.ensure_future(self.guard.run()), asyncio.ensure_future(self.orders.run())]
        try:
            if device is None:
                yield
            else:
                with self.reach.holding(UID, device):
                    yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

    def order(self, order):
        self.orders.take(sealed(order))

    async def comes(self, *outcomes):
        """Wait until so many reports have come, and see that these are they."""
        await until(lambda: len(self.reported) >= len(outcomes))
        assert [report.outcome for report in self.reported] == list(outcomes)

    @property
    def reported(self):
        return [item for item in self.outlet.items if isinstance(item, ReportedOrder)]


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path)


@pytest.mark.alone
@in_a_loop
async def test_a_stop_reaches_a_device_within_a_fifth_of_a_second(home):
    device = Obedient()
    async with home.running(device):
        began = perf_counter()
        home.order(stop(NOON + MINUTE))
        await device.told.wait()
        assert perf_counter() - began < 0.2
        await home.comes(TAKEN, DONE)


@in_a_loop
async def test_a_disk_that_takes_no_report_delays_no_stop(tmp_path):
    device, home = Obedient(), Home(tmp_path, outlet=Outlet(full=True))
    async with home.running(device):
        home.order(stop(NOON + MINUTE))
        await asyncio.wait_for(device.told.wait(), 1)


@in_a_loop
async def test_a_stop_waits_for_a_device_that_is_out_of_reach_and_says_so_once(home):
    device = Obedient(LinkLost("a", "stopping", "gone"))
    async with home.running():
        home.order(stop(NOON + MINUTE))
        await home.comes(TAKEN, UNREACHABLE)
        with home.reach.holding(UID, device):
            await home.comes(TAKEN, UNREACHABLE, DONE)
    assert device.stops == 2


@in_a_loop
async def test_a_stop_is_given_up_when_its_time_is_over(home):
    async with home.running():
        home.order(stop(NOON + MINUTE))
        await home.comes(TAKEN, UNREACHABLE)
        home.now += MINUTE
        await home.comes(TAKEN, UNREACHABLE, EXPIRED)


@in_a_loop
async def test_a_stop_that_comes_too_late_stops_nothing(home):
    device = Obedient()
    async with home.running(device):
        home.order(stop(NOON))
        await home.comes(TAKEN, EXPIRED)
    assert device.stops == 0


@in_a_loop
async def test_a_stop_that_is_sent_again_is_not_done_again(home):
    device = Obedient()
    async with home.running(device):
        home.order(stop(NOON + MINUTE))
        await home.comes(TAKEN, DONE)
        await until(lambda: not book(home.path).pending)
        home.order(stop(NOON + MINUTE))
        await home.comes(TAKEN, DONE, DONE)
    assert device.stops == 1


@in_a_loop
async def test_a_stop_that_was_done_is_not_done_again_though_its_report_was_lost_and_the_service_hears_of_it(tmp_path):
    device, home = Obedient(), Home(tmp_path, outlet=Outlet(full=True))
    async with home.running(device):
        home.order(stop(NOON + MINUTE))
        await device.told.wait()
        await asyncio.sleep(0.1)
    home.outlet.full = False
    async with home.running(device):
        home.order(stop(NOON + MINUTE))
        await home.comes(DONE)
        await asyncio.sleep(0.3)
    assert device.stops == 1


@in_a_loop
async def test_a_stop_that_was_not_done_is_tried_again_after_a_restart(home):
    device = Obedient()
    async with home.running():
        home.order(stop(NOON + MINUTE))
        await home.comes(TAKEN, UNREACHABLE)
    async with home.running(device):
        await home.comes(TAKEN, UNREACHABLE, DONE)
    assert device.stops == 1


@pytest.mark.parametrize(("failure", "outcome"), [(LinkRefused, REFUSED), (LinkUnsupported, UNSUPPORTED)])
@in_a_loop
async def test_a_device_that_says_no_is_reported_in_its_words(home, failure, outcome):
    async with home.running(Obedient(failure("a1", "permitting", "recalled"))):
        home.order(desired(permit=PERMIT))
        await home.comes(TAKEN, outcome)
    assert home.reported[-1].detail == "permitting: recalled"


@in_a_loop
async def test_a_fault_of_ours_is_reported_and_the_next_order_is_done(home):
    device = Obedient(ZeroDivisionError("ours"))
    async with home.running(device):
        home.order(stop(NOON + MINUTE))
        await home.comes(TAKEN, REFUSED)
        home.order(stop(NOON + MINUTE, number=2))
        await home.comes(TAKEN, REFUSED, TAKEN, DONE)


@in_a_loop
async def test_limits_are_done_when_they_are_here(home):
    async with home.running():
        home.order(desired())
        await home.comes(TAKEN, DONE)


@in_a_loop
async def test_a_hold_is_done_when_the_device_says_that_it_does_not_emit(home):
    device = Obedient()
    async with home.running(device):
        home.order(desired(hold=Hold()))
        await home.comes(TAKEN)
        await asyncio.sleep(0.3)
        await home.comes(TAKEN)
        home.guard.watch([mark()])
        await home.comes(TAKEN, DONE)
    assert device.stops == 0


@in_a_loop
async def test_a_hold_stops_the_session_that_runs_and_reports_it(home):
    device = Obedient()
    async with home.running(device):
        home.guard.watch([rf_sample(0)])
        home.order(desired(hold=Hold()))
        await asyncio.wait_for(device.told.wait(), 0.2)
        await home.comes(TAKEN, DONE)
        await until(lambda: len(home.outlet.items) == 3)
    (stopped,) = [item for item in home.outlet.items if isinstance(item, GuardStop)]
    assert (stopped.counter, stopped.rule, stopped.outcome) == (1, "on-hold", DONE)


@in_a_loop
async def test_a_hold_is_kept_after_a_restart_with_nobody_to_ask(home):
    async with home.running():
        home.order(desired(hold=Hold()))
        await home.comes(TAKEN, UNREACHABLE)
    device = Obedient()
    async with home.running(device):
        home.guard.watch([mark(DeviceState.EMITTING)])
        await asyncio.wait_for(device.told.wait(), 1)


@in_a_loop
async def test_a_lifted_hold_lets_sessions_run(home):
    device = Obedient()
    async with home.running(device):
        home.guard.watch([mark()])
        home.order(desired(hold=Hold()))
        home.order(desired(2))
        await until(lambda: len(home.reported) >= 3)
        home.guard.watch([mark(DeviceState.EMITTING)])
        await asyncio.sleep(0.05)
    assert device.stops == 0


@in_a_loop
async def test_a_permit_is_handed_over_as_soon_as_the_device_is_within_reach(home):
    device = Obedient()
    async with home.running():
        home.order(desired(permit=PERMIT))
        await home.comes(TAKEN, UNREACHABLE)
        with home.reach.holding(UID, device):
            await home.comes(TAKEN, UNREACHABLE, DONE)
    assert device.permits == [PERMIT]


@in_a_loop
async def test_a_permit_that_was_overtaken_is_not_handed_over(home):
    device = Obedient()
    async with home.running():
        home.order(desired(permit=b"old"))
        await home.comes(TAKEN, UNREACHABLE)
        home.order(desired(2, permit=b"new"))
        await home.comes(TAKEN, UNREACHABLE, TAKEN, UNREACHABLE)
        with home.reach.holding(UID, device):
            await home.comes(TAKEN, UNREACHABLE, TAKEN, UNREACHABLE, DONE)
    assert device.permits == [b"new"]


@in_a_loop
async def test_a_state_that_is_sent_again_is_taken_again_and_changes_nothing(home):
    device = Obedient()
    async with home.running(device):
        home.order(desired(permit=PERMIT))
        await home.comes(TAKEN, DONE)
        home.order(desired(permit=PERMIT))
        await home.comes(TAKEN, DONE, TAKEN)
    assert device.permits == [PERMIT]


@in_a_loop
async def test_what_is_no_order_is_counted_and_the_next_one_is_done(home):
    device = Obedient()
    async with home.running(device):
        real = sealed(stop(NOON + MINUTE))
        for forged in (b"", b"garbage" * 20, real[:-1], real[:-1] + bytes([real[-1] ^ 1])):
            home.orders.take(forged)
        home.orders.take(real)
        home.orders.take(real)
        await home.comes(TAKEN, DONE)
        await until(lambda: home.orders.refused == 5)
    assert device.stops == 1


@in_a_loop
async def test_a_flood_of_orders_is_refused_without_growing_and_said_once(home, caplog):
    async with home.running():
        for length in range(QUEUE + 10):
            home.orders.take(bytes(length))
        assert home.orders.refused == 10
        await until(lambda: home.orders.refused == QUEUE + 10)
    assert 0 < caplog.text.count("refused") <= 4


@in_a_loop
async def test_no_address_of_a_device_leaves_the_home_with_what_came_of_an_order(home):
    gone = LinkLost("C0:00:00:00:4F:01", "writing fff2", "device dev_C0_00_00_00_4F_01 not found")
    async with home.running(Obedient(gone)):
        home.order(stop(NOON + MINUTE))
        await home.comes(TAKEN, UNREACHABLE, DONE)
    assert home.reported[1].detail == "writing fff2: device dev_… not found"
