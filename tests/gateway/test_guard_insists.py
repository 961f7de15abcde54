"""The local guard tells a device to stop until it does, and reports what came of it."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.errors import LinkLost, LinkRefused, LinkUnsupported
from tests.firmware_bridge.radio.loops import in_a_loop, until
from tests.gateway.commands import NOON, UID, Obedient, mark, rf_sample
from tests.gateway.guarded import QUICK, Home
from vocabulary.devices import DeviceState
from vocabulary.wire.batches import OrderOutcome


@in_a_loop
async def test_a_device_that_goes_on_is_told_again_and_reported_once():
    device = Obedient()
    async with Home().running(device) as home:
        for number in range(60):
            home.hear(rf_sample(number, 43.0))
            await asyncio.sleep(0.005)
        await until(lambda: home.outlet.items)
    assert device.stops > 4
    assert home.stops == [(1, "too-hot", OrderOutcome.DONE)]


@in_a_loop
async def test_a_device_that_refuses_is_told_again_until_it_stops():
    device = Obedient(LinkRefused("a", "stopping", "busy"), LinkRefused("a", "stopping", "busy"))
    async with Home().running(device) as home:
        home.hear_hot()
        await until(lambda: home.outlet.items)
    assert device.stops == 3
    assert home.stops == [(1, "too-hot", OrderOutcome.DONE)]


@pytest.mark.parametrize(
    ("failure", "outcome"),
    [(LinkRefused, OrderOutcome.REFUSED), (LinkUnsupported, OrderOutcome.UNSUPPORTED), (LinkLost, "unreachable")],
)
@in_a_loop
async def test_a_stop_that_keeps_failing_is_reported_with_what_came_of_it(failure, outcome):
    device = Obedient(*[failure("a", "stopping", "no")] * 1000)
    async with Home().running(device) as home:
        home.hear_hot()
        await until(lambda: home.outlet.items)
    assert home.stops == [(1, "too-hot", outcome)]


@in_a_loop
async def test_a_device_that_never_answers_is_told_again():
    class Mute(Obedient):
        async def stop(self):
            self.stops += 1
            await asyncio.Event().wait()

    device = Mute()
    async with Home().running(device) as home:
        for number in range(30):
            home.hear(rf_sample(number, 43.0))
            await asyncio.sleep(0.01)
        await until(lambda: home.outlet.items)
    assert device.stops > 2
    assert home.stops == [(1, "too-hot", OrderOutcome.UNREACHABLE)]


@in_a_loop
async def test_a_device_out_of_reach_is_stopped_when_it_is_heard_to_go_on():
    device, home = Obedient(), Home(pace=replace(QUICK, patience_s=60))
    async with home.running():
        home.hear_hot()
        await asyncio.sleep(0.03)
        with home.reach.holding(UID, device):
            home.hear(rf_sample(4, 43.0))
            await until(lambda: home.outlet.items)
    assert home.stops == [(1, "too-hot", OrderOutcome.DONE)]


@in_a_loop
async def test_a_device_that_stays_out_of_reach_is_reported():
    home = Home()
    async with home.running():
        home.hear_hot()
        await until(lambda: home.outlet.items)
    assert home.stops == [(1, "too-hot", OrderOutcome.UNREACHABLE)]


@pytest.mark.parametrize(
    ("failure", "first"), [(LinkLost, OrderOutcome.UNREACHABLE), (LinkRefused, OrderOutcome.REFUSED)]
)
@in_a_loop
async def test_a_stop_that_is_obeyed_after_all_is_reported_once_more(failure, first):
    device, home = Obedient(*[failure("a", "stopping", "no")] * 1000), Home()
    async with home.running(device):
        home.hear_hot()
        await until(lambda: home.outlet.items)
        device.failures.clear()
        for number in range(4, 7):
            home.hear(rf_sample(number, 43.0))
            await asyncio.sleep(0.1)
    assert home.stops == [(1, "too-hot", first), (1, "too-hot", OrderOutcome.DONE)]


@in_a_loop
async def test_the_session_after_one_that_was_lost_sight_of_is_left_alone():
    device, home = Obedient(), Home()
    async with home.running():
        home.hear_hot()
        await asyncio.sleep(0.03)
        with home.reach.holding(UID, device):
            home.hear(mark(DeviceState.EMITTING, newest=1), rf_sample(0, 36.0, counter=2, at=NOON + timedelta(hours=2)))
            await until(lambda: home.outlet.items)
    assert device.stops == 0


@in_a_loop
async def test_a_device_that_comes_back_into_reach_is_left_alone_until_it_is_heard():
    device, home = Obedient(), Home()
    async with home.running():
        home.hear_hot()
        await asyncio.sleep(0.03)
        with home.reach.holding(UID, device):
            await until(lambda: home.outlet.items)
    assert (device.stops, home.stops) == (0, [(1, "too-hot", OrderOutcome.UNREACHABLE)])


@in_a_loop
async def test_a_device_that_says_that_it_has_stopped_is_believed():
    device = Obedient()
    async with Home().running(device) as home:
        home.hear_hot()
        await asyncio.sleep(0.1)
        assert home.guard.is_quiet(UID)
    assert device.stops == 1
