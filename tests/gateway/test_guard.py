"""The local guard: what is over a limit or on hold is stopped at once, reported once, and nothing else is stopped."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from clinical.regimen import STANDING_LIMITS
from gateway.guard.guard import Guard
from gateway.guard.limits import limits_of
from gateway.reach import Reach
from tests.firmware_bridge.radio.loops import in_a_loop, until
from tests.gateway.commands import NOON, UID, Obedient, Outlet, mark, rf_sample
from tests.gateway.guarded import QUICK, Home, Wanted, turns
from tests.vectors import VECTORS
from vocabulary.devices import DeviceState, Modality
from vocabulary.identity import device_uid
from vocabulary.quantities import Quantity, Unit
from vocabulary.wire.batches import OrderOutcome, StoredRecord
from vocabulary.wire.orders import GuardLimits, Hold

REGIMEN = GuardLimits(
    regimen="0" * 32,
    version=1,
    skin_grace_s=2,
    contact_grace_s=15,
    duration_s=300,
    dose=2400.0,
    dose_unit=Unit.JOULE,
    skin_celsius=40.0,
)
EMITTING = DeviceState.EMITTING


@in_a_loop
async def test_a_session_over_a_limit_is_stopped_at_once_also_before_any_limits_were_sent():
    device = Obedient()
    async with Home().running(device) as home:
        home.hear_hot(range(2))
        await turns()
        assert device.stops == 0
        home.hear_hot(range(2, 3))
        await turns()
        assert device.stops == 1
        home.hear(mark())
        await until(lambda: home.outlet.items)
    (stop,) = home.outlet.items
    assert (stop.counter, stop.rule, stop.outcome, stop.at) == (1, "too-hot", OrderOutcome.DONE, NOON)
    assert stop.because == "Skin at 43.0 °C, above 42.5 °C for 2 s"


@in_a_loop
async def test_the_limits_of_the_regimen_take_the_place_of_those_that_always_stand():
    device = Obedient()
    async with Home(wanted=Wanted(sent=REGIMEN)).running(device) as home:
        home.hear_hot(range(3), skin=40.5)
        await turns()
    assert device.stops == 1


@pytest.mark.parametrize(("measured", "rule"), [({"energy_j": 2401.0}, "over-dose"), ({"active_s": 302}, "too-long")])
@in_a_loop
async def test_a_dose_and_a_duration_over_the_limit_are_stopped_too(measured, rule):
    device = Obedient()
    async with Home(wanted=Wanted(sent=REGIMEN)).running(device) as home:
        home.hear(rf_sample(0, 36.0), rf_sample(1, 36.0, **measured))
        await until(lambda: home.outlet.items)
    assert home.stops == [(1, rule, OrderOutcome.DONE)]


@in_a_loop
async def test_a_disk_that_takes_nothing_delays_no_stop():
    device = Obedient()
    async with Home(outlet=Outlet(full=True)).running(device) as home:
        home.hear_hot()
        await turns()
        assert device.stops == 1


@pytest.mark.parametrize("together", [True, False])
@in_a_loop
async def test_a_burst_of_old_samples_does_not_stop_the_session_that_runs_now(together):
    device, late = Obedient(), NOON + timedelta(minutes=5)
    burst = [
        *(rf_sample(number, 43.0, at=late) for number in range(100, 160)),
        rf_sample(7, 36.0, counter=2, at=late),
    ]
    async with Home(pace=replace(QUICK, settle_s=0.3, settled_s=60)).running(device) as home:
        home.hear_hot(range(99, 100), skin=41.0)
        if together:
            home.hear(*burst)
        else:
            for item in burst:
                home.hear(item)
                await asyncio.sleep(0.001)
        home.hear(rf_sample(8, 36.0, counter=2, at=late + timedelta(seconds=1)))
        await until(lambda: not home.guard._stopping)
    assert (device.stops, home.stops) == (0, [])


@in_a_loop
async def test_a_session_that_is_still_over_its_limit_after_a_burst_is_stopped():
    device, late = Obedient(), NOON + timedelta(minutes=5)
    async with Home(pace=replace(QUICK, settled_s=60)).running(device) as home:
        home.hear(*(rf_sample(number, 43.0, at=late) for number in range(60)))
        await until(lambda: home.outlet.items)
    assert device.stops == 1


@in_a_loop
async def test_samples_that_never_come_in_step_do_not_put_off_a_stop_for_ever():
    device = Obedient()
    async with Home().running(device) as home:
        for number in range(200):
            home.hear(rf_sample(number, 43.0, at=NOON))
            await asyncio.sleep(0.002)
            if device.stops:
                break
    assert device.stops == 1


@in_a_loop
async def test_a_session_that_a_restart_finds_over_its_dose_is_stopped():
    device = Obedient()
    async with Home(wanted=Wanted(sent=REGIMEN)).running(device) as home:
        home.hear(rf_sample(250, 36.0, energy_j=2500.0))
        await until(lambda: home.outlet.items)
    assert home.stops == [(1, "over-dose", OrderOutcome.DONE)]


@in_a_loop
async def test_a_session_that_was_over_long_ago_is_not_reopened_by_its_samples():
    device = Obedient()
    async with Home().running(device) as home:
        home.hear(mark(newest=1))
        home.hear_hot()
        await turns()
    assert device.stops == 0


@in_a_loop
async def test_a_record_ends_its_session():
    led = VECTORS["record_led"]
    record = StoredRecord(device=UID, family="hets/1", data=bytes.fromhex(led["hex"]), received_at=NOON)
    device = Obedient()
    async with Home().running(device) as home:
        home.hear(rf_sample(0, counter=led["counter"]), record)
        assert home.guard.is_quiet(UID)
        home.hear_hot(counter=led["counter"])
        await turns()
    assert device.stops == 0


@in_a_loop
async def test_a_device_with_a_new_memory_is_guarded_though_it_counts_anew():
    device = Obedient()
    async with Home().running(device) as home:
        home.hear(mark(newest=57), rf_sample(0, counter=58))
        home.hear(mark(newest=0))
        home.hear_hot(counter=1)
        await turns()
    assert device.stops == 1


@in_a_loop
async def test_a_device_on_hold_is_stopped_as_soon_as_it_says_that_it_emits():
    device = Obedient()
    async with Home(wanted=Wanted(on_hold=Hold(until=NOON + timedelta(hours=1)))).running(device) as home:
        home.hear(mark(DeviceState.READY, newest=4))
        await turns()
        assert device.stops == 0
        home.hear(mark(EMITTING, newest=4))
        await turns()
        assert device.stops == 1
        await until(lambda: home.outlet.items)
    assert home.stops == [(5, "on-hold", OrderOutcome.DONE)]
    assert home.outlet.items[0].because == "The device is on hold until 2026-03-01 13:00 UTC"


@in_a_loop
async def test_a_hold_that_comes_during_a_session_stops_it():
    device = Obedient()
    async with Home().running(device) as home:
        home.hear(rf_sample(0))
        home.wanted.on_hold = Hold()
        home.guard.review(UID)
        await turns()
        assert device.stops == 1
        await until(lambda: home.outlet.items)
    assert home.stops == [(1, "on-hold", OrderOutcome.DONE)]


@in_a_loop
async def test_each_session_on_hold_is_reported():
    device = Obedient()
    async with Home(wanted=Wanted(on_hold=Hold())).running(device) as home:
        for newest in range(3):
            home.hear(mark(EMITTING, newest=newest))
            await until(lambda newest=newest: len(home.outlet.items) > newest)
            home.hear(mark(newest=newest + 1))
            await asyncio.sleep(0.02)
    assert home.stops == [(counter, "on-hold", OrderOutcome.DONE) for counter in (1, 2, 3)]


@in_a_loop
async def test_one_device_over_its_limit_stops_no_other():
    device, other = Obedient(), Obedient()
    async with Home().running(device) as home:
        with home.reach.holding(device_uid("00112233445566ff"), other):
            home.hear_hot()
            await turns()
    assert (device.stops, other.stops) == (1, 0)


def test_a_fault_of_the_guard_keeps_nothing_from_being_stored():
    class Broken:
        def limits(self, _device):
            raise ZeroDivisionError

    async def watch():
        Guard(Reach(), Outlet().put, lambda: NOON, Broken()).watch([rf_sample(0)])

    asyncio.run(watch())


def test_heat_burns_whatever_the_service_sent():
    sent = GuardLimits(regimen="0" * 32, version=1, skin_grace_s=2, contact_grace_s=15)
    assert limits_of(sent, Modality.RF).skin_celsius == 42.5
    assert limits_of(None, Modality.RF) == STANDING_LIMITS[Modality.RF]


def test_a_dose_limit_counts_in_the_unit_of_the_device_only():
    assert limits_of(REGIMEN, Modality.RF).dose == Quantity(2400.0, Unit.JOULE)
    assert limits_of(REGIMEN, Modality.LED).dose is None
    assert limits_of(REGIMEN, Modality.EMS).dose is None
