"""A device at real brokers: what it says in which order, and what a lost Wi-Fi costs."""

import asyncio
import logging
from dataclasses import replace
from datetime import timedelta
from itertools import count

import pytest

from firmware_bridge.virtual.hets.codes import State
from firmware_bridge.virtual.journal import LinkEvent
from tests.firmware_bridge.radio.loops import in_a_loop, until
from tests.firmware_bridge.wifi.rig import GATEWAY, PACE, PASSWORD, Gateway, world_at
from tests.line.brokers import BROKERS, running_broker

UIDS = [f"00112233445566{number:02x}" for number in range(40)]
QUICK = replace(PACE, resend=timedelta(milliseconds=200))


@pytest.fixture(scope="module", params=BROKERS)
def broker(request, tmp_path_factory):
    accounts = {GATEWAY: PASSWORD, **dict.fromkeys(UIDS, PASSWORD)}
    with running_broker(request.param, tmp_path_factory.mktemp("broker"), accounts) as running:
        running.fresh = count()
        yield running


@pytest.fixture
def uid(broker):
    return UIDS[next(broker.fresh)]


@in_a_loop
async def test_a_connection_begins_with_the_birth(broker, uid):
    async with world_at(broker, uid, before=lambda world: world.session(3)) as world:
        await until(lambda: world.gateway.of("session"))
    kinds = [message.kind for message in world.gateway.heard if message.told]
    assert (kinds[:2], kinds.count("info")) == (["info", "state"], 1)
    assert (world.gateway.of("info")[0].body["uid"], world.gateway.of("state")[0].body["online"]) == (uid, True)


@in_a_loop
async def test_each_message_says_what_it_is_and_which(broker, uid):
    async with world_at(broker, uid) as world:
        await world.connected()
        world.begin()
        world.wait(1)
        await until(lambda: world.gateway.of("live"))
    live = world.gateway.of("live")[0]
    assert live.properties["ContentType"] == "application/vnd.het.live+json"
    assert (live.properties["PayloadFormatIndicator"], live.properties["MessageExpiryInterval"]) == (1, 60)
    assert live.told == {"schema": "live/1", "boot": "1", "seq": "4"}
    assert [message.seq for message in world.gateway.heard if message.told] == [0, 1, 2, 3, 4]


@in_a_loop
async def test_birth_is_retained_and_nothing_else_is(broker, uid):
    async with world_at(broker, uid) as world:
        await world.connected()
        world.session(3)
        await until(lambda: world.gateway.of("session") and len(world.gateway.of("live")) == 3)
        await until(lambda: world.gateway.bodies("state")[-1]["newest"] == 1)  # said last, when the record is written
        late = Gateway(broker, uid, "late")
        await until(lambda: len(late.heard) >= 2)
        late.close()
    assert {(message.kind, message.retained) for message in late.heard} == {("info", True), ("state", True)}


@in_a_loop
async def test_the_will_takes_the_place_of_the_state_a_while_after_a_cut(broker, uid):
    async with world_at(broker, uid) as world:
        await world.connected()
        world.cut()
        await until(lambda: world.gateway.bodies("state")[-1] == {"online": False, "boot": 1})
        assert world.gateway.of("state")[-1].told == {}
        late = Gateway(broker, uid, "late")
        await until(lambda: late.bodies("state") == [{"online": False, "boot": 1}])
        late.close()


@in_a_loop
async def test_a_device_that_goes_in_order_says_so_itself(broker, uid):
    async with world_at(broker, uid, pace=replace(PACE, will_delay=timedelta(seconds=60))) as world:
        await world.connected()
        await world.station.stop()
        await until(lambda: world.gateway.bodies("state")[-1] == {"online": False, "boot": 1})


@in_a_loop
async def test_numbers_skip_exactly_the_live_samples_that_a_cut_lost(broker, uid):
    async with world_at(broker, uid) as world:
        await world.connected()
        world.begin()
        world.wait(5)
        await until(lambda: len(world.gateway.of("live")) == 5)
        world.cut()
        world.wait(7)
        world.station.appear()
        await world.connected(times=2)
        world.wait(3)
        await until(lambda: len(world.gateway.of("live")) == 8)
    numbers = [message.seq for message in world.gateway.heard if message.told]
    assert sorted(set(range(numbers[-1])) - set(numbers)) == [9, 10, 11, 12, 13, 14, 15]
    assert [body["seq"] for body in world.gateway.bodies("live")] == [0, 1, 2, 3, 4, 12, 13, 14]
    assert world.noted == [LinkEvent.CONNECTED, LinkEvent.DISCONNECTED, LinkEvent.CONNECTED, LinkEvent.DISCONNECTED]


@in_a_loop
async def test_records_are_said_lowest_first_and_again_until_they_are_acknowledged(broker, uid):
    def three_sessions(world):
        for _ in range(3):
            world.session(2)

    async with world_at(broker, uid, pace=QUICK, before=three_sessions) as world:
        await until(lambda: len(world.gateway.of("session")) >= 6)
        assert [body["oldest"] for body in world.gateway.bodies("session")[:6]] == [1] * 6
        records = [body["record"] for body in world.gateway.bodies("session")]
        assert records[:3] == records[3:6]
        assert len(set(records)) == 3
        world.gateway.acknowledge(2)
        await until(lambda: world.gateway.bodies("session")[-1]["oldest"] == 3)
        world.gateway.acknowledge(3)
        await until(lambda: not world.device.memory.records.unacknowledged)
        world.device.press()
        world.tell()
        await until(lambda: world.gateway.of("event"))  # and so all that was said before
        said = len(world.gateway.of("session"))
        await asyncio.sleep(0.5)  # two rounds
        assert len(world.gateway.of("session")) == said


@in_a_loop
async def test_more_records_than_go_at_once_keep_their_order_among_live_samples(broker, uid):
    def forty_sessions(world):
        for _ in range(40):
            world.session(1)

    async with world_at(broker, uid, before=forty_sessions) as world:
        await world.connected()
        world.begin()
        world.wait(5)
        await until(lambda: len(world.gateway.of("session")) == 40 and len(world.gateway.of("live")) == 5)
    numbers = [message.seq for message in world.gateway.heard if message.told]
    assert numbers == sorted(numbers)


@in_a_loop
async def test_a_command_is_done_and_answered_with_its_correlation_data(broker, uid):
    async with world_at(broker, uid) as world:
        await world.connected()
        world.begin()
        world.gateway.say("cmd/s-1", {"op": "stop"}, CorrelationData=b"\x01\x02")
        await until(lambda: world.gateway.of("answer"))
        assert world.gateway.bodies("answer") == [{"id": "s-1", "result": "ok"}]
        assert world.gateway.of("answer")[0].properties["CorrelationData"] == "0102"
        await until(lambda: world.gateway.bodies("state")[-1]["state"] == "ready")


@in_a_loop
async def test_a_command_that_comes_twice_is_done_once_and_answered_alike(broker, uid):
    async with world_at(broker, uid) as world:
        await world.connected()
        world.gateway.say("cmd/t-1", {"op": "time"})
        await until(lambda: world.gateway.of("answer"))
        world.wait(30)
        world.gateway.say("cmd/t-1", {"op": "time"})
        await until(lambda: len(world.gateway.of("answer")) == 2)
    first, second = world.gateway.bodies("answer")
    assert first == second


@in_a_loop
async def test_a_command_for_a_device_out_of_reach_is_done_when_it_is_back(broker, uid):
    async with world_at(broker, uid) as world:
        await world.connected()
        world.begin()
        await until(lambda: world.gateway.bodies("state")[-1]["state"] == "emitting")
        world.gateway.say("cmd/i-1", {"op": "identify"})
        await until(lambda: world.gateway.of("answer"))  # so the subscription stands
        world.cut()
        world.gateway.say("cmd/s-1", {"op": "stop"})
        world.station.appear()
        await until(lambda: {"id": "s-1", "result": "ok"} in world.gateway.bodies("answer"))
    assert world.device.state is not State.EMITTING


@in_a_loop
async def test_a_retained_command_is_ignored(broker, uid):
    def leave_a_stop(world):
        world.gateway.say("cmd/s-1", {"op": "stop"}, retain=True)

    async with world_at(broker, uid, before=leave_a_stop) as world:
        await world.connected()
        world.gateway.say("cmd/i-1", {"op": "identify"})
        await until(lambda: world.gateway.of("answer"))
    assert world.gateway.bodies("answer") == [{"id": "i-1", "result": "ok"}]


@in_a_loop
async def test_a_press_without_wifi_is_told_later(broker, uid):
    async with world_at(broker, uid) as world:
        await world.connected()
        world.cut()
        world.wait(5)
        world.device.press()
        world.tell()
        world.station.appear()
        await until(lambda: world.gateway.of("event"))
    assert world.gateway.bodies("event") == [{"event": "press", "tick_s": 5, "timeline": 1}]


@in_a_loop
async def test_a_new_boot_has_a_higher_number_and_counts_from_0(broker, uid):
    async with world_at(broker, uid) as world:
        await world.connected()
        world.device.power_off()
        world.station.die()
        world.tell()
        world.device.power_on()
        world.station.appear()
        world.tell()
        await world.connected(times=2)
        await until(lambda: world.gateway.of("event"))
    again = [(message.kind, message.seq) for message in world.gateway.heard if message.told.get("boot") == "2"]
    assert again[:3] == [("info", 0), ("state", 1), ("event", 2)]
    assert world.gateway.bodies("event") == [{"event": "power on", "tick_s": 0, "timeline": 2}]


@in_a_loop
async def test_a_device_is_followed_once_a_gateway_has_spoken_to_it(broker, uid):
    async with world_at(broker, uid) as world:
        await world.connected()
        assert not world.station.is_followed()
        world.gateway.acknowledge(0)
        await until(world.station.is_followed)
        world.cut()
        assert not world.station.is_followed()


@in_a_loop
async def test_an_acknowledgement_that_is_none_is_only_noted(broker, uid, caplog):
    caplog.set_level(logging.WARNING)
    async with world_at(broker, uid) as world:
        await world.connected()
        world.gateway.say("ack", {"upto": "all"})
        world.gateway.say("cmd/i-1", {"op": "identify"})
        await until(lambda: world.gateway.of("answer"))
    assert "an acknowledgement that is none" in caplog.text
