"""The local guard over the air: an RF device that overheats is stopped by its gateway, with nobody else to ask."""

import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

from firmware_bridge.virtual.hets.codes import EndReason
from firmware_bridge.virtual.home import VirtualHome
from firmware_bridge.virtual.journal import EndLine, SampleLine, read_journal
from firmware_bridge.virtual.people import Begin, Deed
from gateway.guard.guard import Guard
from gateway.orders.book import OrderBook
from gateway.orders.orders import Orders
from gateway.reach import Reach
from gateway.sessions.book import SessionBook
from tests.firmware_bridge.homes import device, home, step
from tests.firmware_bridge.radio.loops import in_a_loop, until
from tests.gateway.commands import Outlet
from tests.gateway.orders.sealing import GATEWAY, KEY, desired, sealed
from tests.gateway.radios import hets_radio
from vocabulary.clock import ClockMap
from vocabulary.quantities import Unit
from vocabulary.wire.batches import GuardStop, OrderOutcome, ReportedOrder, SampleBlock
from vocabulary.wire.orders import GuardLimits, Stop

HOUR = timedelta(hours=1)
LIMIT_CELSIUS, GRACE_S = 40.0, 2
LIMITS = GuardLimits(
    regimen="0" * 32,
    version=1,
    skin_grace_s=GRACE_S,
    contact_grace_s=15,
    dose=1e6,
    dose_unit=Unit.JOULE,
    skin_celsius=LIMIT_CELSIUS,
)
FOLLOWED = (step(0, Deed.OPEN_PAIRING), step(0, Deed.WAIT_UNTIL_FOLLOWED), step(1, Deed.PUT_ON))
HEATS_UP = (*FOLLOWED, step(20, Begin(0)), step(21, Deed.CUT_OFF_FAILS))  # and the head is held still
RATE = 10
"""How much faster than life the home lives; what the gateway does is measured in real time."""


@pytest.fixture
def bus(tmp_path, monkeypatch):
    socket = tmp_path / "bus"
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={socket}")
    return socket


@asynccontextmanager
async def living(definition, clock):
    """A home's devices, while the block runs."""
    stop, ready = asyncio.Event(), asyncio.Event()
    life = asyncio.ensure_future(VirtualHome(definition, clock).run(stop, ready.set))
    await ready.wait()
    try:
        yield
    finally:
        stop.set()
        await life


class Evening:
    """A device in a home, and its gateway, with no uplink: what was ordered before is all that it has."""

    def __init__(self, tmp_path, head):
        self.head, self.house, self.outlet = head, home(tmp_path, head), Outlet()
        self.lived = ClockMap(started_at=datetime.now(UTC), lead=timedelta(hours=1), rate=RATE)
        self.book = OrderBook(tmp_path / "orders", GATEWAY, KEY, self.clock)
        self.reach = Reach()
        self.guard = Guard(self.reach, self.outlet.put, self.clock, self.book)
        self.orders = Orders(self.book, self.guard, self.reach, self.outlet.put, clock=self.clock)

    def clock(self):
        return self.lived.civil(datetime.now(UTC))

    @asynccontextmanager
    async def spent(self):
        radio = hets_radio(SessionBook(self.outlet.put, {}, self.guard.watch), self.clock, self.reach)
        async with living(self.house, self.lived):
            tasks = [asyncio.ensure_future(part.run()) for part in (self.guard, self.orders, radio)]
            try:
                yield
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.wait(tasks)

    def told(self, kind):
        """What the gateway reported."""
        return [item for item in self.outlet.items if isinstance(item, kind)]

    def lived_through(self, kind):
        """What the device's own journal says."""
        return [line for line in read_journal(self.head.journal) if isinstance(line, kind)]


def breached_at(samples):
    """When the device made the sample with which its skin had been over the limit for the grace, in real time."""
    since = None
    for sample in samples:
        hot = round(sample.skin_celsius, 2) > LIMIT_CELSIUS
        since = (since or sample) if hot else None
        if since and sample.sequence - since.sequence >= GRACE_S:
            return sample.real
    raise AssertionError("it never was too hot for so long")


@pytest.mark.usefixtures("bus")
@in_a_loop
async def test_a_device_whose_cut_off_fails_is_stopped_within_two_seconds_of_its_limit(tmp_path):
    evening = Evening(tmp_path, device(tmp_path, *HEATS_UP, product="rf"))
    await evening.book.take(sealed(desired(device=evening.head.uid, limits=LIMITS)))
    async with evening.spent():
        await until(lambda: evening.told(GuardStop), seconds=30)
    (end,) = evening.lived_through(EndLine)
    assert end.reason is EndReason.REMOTE
    took = end.real - breached_at(evening.lived_through(SampleLine))
    assert timedelta(0) <= took < timedelta(seconds=2)
    (stop,) = evening.told(GuardStop)
    assert (stop.device, stop.counter, stop.rule, stop.outcome) == (evening.head.uid, 1, "too-hot", OrderOutcome.DONE)


@pytest.mark.usefixtures("bus")
@in_a_loop
async def test_a_stop_reaches_a_device_that_emits_within_a_second(tmp_path):
    evening = Evening(tmp_path, device(tmp_path, *FOLLOWED, step(5, Begin(0)), product="rf"))
    async with evening.spent():
        await until(lambda: evening.told(SampleBlock), seconds=30)
        ordered_at = datetime.now(UTC)
        evening.orders.take(sealed(Stop(device=evening.head.uid, wish="5" * 32, until=evening.clock() + HOUR)))
        await until(lambda: len(evening.told(ReportedOrder)) == 2)
    (end,) = evening.lived_through(EndLine)
    assert end.reason is EndReason.REMOTE
    assert end.real - ordered_at < timedelta(seconds=1)
    assert [report.outcome for report in evening.told(ReportedOrder)] == [OrderOutcome.TAKEN, OrderOutcome.DONE]


@pytest.mark.usefixtures("bus")
@in_a_loop
async def test_a_disk_that_takes_nothing_blinds_nobody(tmp_path):
    evening = Evening(tmp_path, device(tmp_path, *HEATS_UP, product="rf"))
    await evening.book.take(sealed(desired(device=evening.head.uid, limits=LIMITS)))
    async with evening.spent():
        await until(lambda: evening.told(SampleBlock), seconds=30)
        evening.outlet.full = True
        await until(lambda: evening.lived_through(EndLine), seconds=20)
        evening.outlet.full = False
    (end,) = evening.lived_through(EndLine)
    assert end.reason is EndReason.REMOTE
