"""From a mask on Wi-Fi to the gateway's disk, over real brokers: everything once, whatever is cut, killed or wiped."""

import asyncio
import json
from collections import Counter
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from device_drivers.hets.record import read_record
from gateway.errors import OutboxFailed
from gateway.mqtt.devices import DEVICES, MqttDevices
from gateway.outbox.store import Outbox
from gateway.outbox.writer import OutboxWriter
from gateway.reach import Reach
from gateway.sessions.book import SessionBook
from tests.firmware_bridge.radio.loops import in_a_loop, until
from tests.firmware_bridge.wifi.rig import GATEWAY, PACE, PASSWORD, World
from tests.gateway.devices import unwatched
from tests.gateway.mqtt.masks import INFO
from tests.line.brokers import BROKERS, running_broker
from tests.service import KEY
from vocabulary.devices import DeviceState
from vocabulary.readings import EndReason
from vocabulary.settings import BrokerSettings
from vocabulary.wire.batches import Gap, LinkStatus, ReportedMark, SampleBlock, SeenAnchor, SeenDevice, StoredRecord

UID = "00112233445566aa"
QUICK = replace(PACE, resend=timedelta(milliseconds=300))


@pytest.fixture(params=BROKERS)
def broker(request, tmp_path):
    with running_broker(request.param, tmp_path, {GATEWAY: PASSWORD, UID: PASSWORD}) as running:
        yield running


class Home:
    """A mask at its broker, and everything that the gateway of its home has put on disk."""

    def __init__(self, broker, directory):
        self.broker, self.directory = broker, directory
        self.world, self.items, self.reach = World(broker.port, UID, QUICK), [], Reach()

    @asynccontextmanager
    async def gateway(self, dies_after=None):
        """The gateway at the home's broker, with what is on its disk, while the block runs.

        After so many records nothing more gets to its disk.
        """
        outbox = Outbox(self.directory / "outbox.sqlite", GATEWAY, KEY, _now)
        writer = OutboxWriter(outbox, on_sealed=lambda: None)
        writer.start()

        taken = list[StoredRecord]()

        async def put(entry):
            if dies_after is not None and len(taken) >= dies_after:
                raise OutboxFailed("the power is gone")
            taken.extend(item for item in entry.items if isinstance(item, StoredRecord))
            await writer.put(entry)
            self.items += entry.items

        settings = BrokerSettings(
            host="127.0.0.1",
            port=self.broker.port,
            username=GATEWAY,
            password=PASSWORD,
            tls=False,
            embedded=self.broker.embedded,
        )
        book = SessionBook(put, outbox.memories(), unwatched)
        running = asyncio.ensure_future(MqttDevices(GATEWAY, settings, book, _now, reach=self.reach).run())
        try:
            yield
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running
            await writer.stop()

    @asynccontextmanager
    async def mask(self):
        """The mask on its Wi-Fi, while the block runs."""
        await self.world.station.start(audible=True)
        try:
            yield self.world
        finally:
            await self.world.station.stop()

    def of(self, kind):
        return [item for item in self.items if isinstance(item, kind)]

    @property
    def records(self):
        return [read_record(item.data).counter for item in self.of(StoredRecord)]

    def names(self):
        """Every sample that is stored or declared missing, with its session."""
        stored = Counter((block.counter, block.first) for block in self.of(SampleBlock))
        missing = Counter((gap.counter, n) for gap in self.of(Gap) for n in range(gap.first, gap.last + 1))
        return stored + missing

    async def followed(self):
        await until(lambda: self.reach.get(UID) is not None, seconds=10)

    async def in_sync(self):
        """Wait until the mask knows that all its records are safe."""
        await until(lambda: not self.world.device.memory.records.unacknowledged, seconds=20)

    async def seen(self, samples):
        await until(lambda: len(self.of(SampleBlock)) >= samples, seconds=10)


def _now():
    return datetime.now(UTC)


def produced(*lengths):
    return Counter((counter, n) for counter, length in enumerate(lengths, 1) for n in range(length))


@in_a_loop
async def test_what_a_mask_says_of_a_session_is_stored_sample_by_sample(broker, tmp_path):
    home = Home(broker, tmp_path)
    async with home.gateway(), home.mask() as mask:
        await home.followed()
        await until(lambda: home.of(SeenAnchor))  # an answer came, so the broker has all that the gateway follows
        mask.session(100)
        await home.in_sync()
    assert (home.names(), home.of(Gap)) == (produced(100), [])
    assert home.records == [1]
    assert {mark.state for mark in home.of(ReportedMark)} >= {DeviceState.READY, DeviceState.EMITTING}
    assert home.of(SeenAnchor)[0].timeline == mask.device.memory.timeline


@in_a_loop
async def test_sixty_sessions_of_before_are_fetched_once_and_acknowledged(broker, tmp_path):
    home = Home(broker, tmp_path)
    for _ in range(60):
        home.world.session(5)
    async with home.gateway(), home.mask():
        await home.in_sync()
    assert home.records == list(range(1, 61))
    assert home.names() == produced(*[5] * 60)


@in_a_loop
async def test_wifi_that_is_cut_in_a_session_leaves_a_gap_of_what_was_not_heard(broker, tmp_path):
    home = Home(broker, tmp_path)
    async with home.gateway(), home.mask() as mask:
        await home.followed()
        mask.begin()
        mask.wait(20)
        await home.seen(20)
        mask.cut()
        mask.wait(30)
        mask.station.appear()
        await until(mask.station.is_followed, seconds=10)
        mask.wait(20)
        mask.device.stop_by_user()
        mask.tell()
        await home.in_sync()
    assert home.names() == produced(70)
    assert [(gap.first, gap.last) for gap in home.of(Gap)] == [(20, 49)]
    assert home.records == [1]
    assert home.of(LinkStatus)[-1].messages_lost == 30


@in_a_loop
async def test_a_gateway_that_is_restarted_in_the_middle_of_a_round_stores_each_record_once(broker, tmp_path):
    home = Home(broker, tmp_path)
    for _ in range(40):
        home.world.session(3)
    async with home.mask():
        async with home.gateway(dies_after=5):
            await until(lambda: len(home.records) == 5)
        async with home.gateway():
            await home.in_sync()
    assert sorted(home.records) == list(range(1, 41))
    assert home.names() == produced(*[3] * 40)


@pytest.mark.timeout(90)
@in_a_loop
async def test_a_broker_that_dies_and_forgets_everything_costs_no_record_and_no_account_of_a_sample(broker, tmp_path):
    home = Home(broker, tmp_path)
    async with home.gateway(), home.mask() as mask:
        await home.followed()
        mask.session(10)
        mask.begin()
        mask.wait(20)
        await home.seen(30)
        broker.kill()
        mask.wait(5)
        broker.start()
        await home.followed()
        mask.wait(10)
        mask.device.stop_by_user()
        mask.tell()
        await home.in_sync()
    assert home.names() == produced(10, 35)
    assert sorted(home.records) == [1, 2]


@in_a_loop
async def test_a_stop_reaches_the_mask_within_a_second(broker, tmp_path):
    home = Home(broker, tmp_path)
    async with home.gateway(), home.mask() as mask:
        await home.followed()
        mask.begin()
        mask.wait(3)
        async with asyncio.timeout(1):
            await home.reach.get(UID).stop()
        await home.in_sync()
    assert [read_record(item.data).end_reason for item in home.of(StoredRecord)] == [EndReason.REMOTE]


@pytest.mark.parametrize("broker", ["embedded"], indirect=True)
@in_a_loop
async def test_no_more_than_64_devices_are_followed(broker, tmp_path):
    home, devices = Home(broker, tmp_path), [f"00112233445566{number:02x}" for number in range(70)]
    client = mqtt.Client(CallbackAPIVersion.VERSION2, UID, protocol=MQTTProtocolVersion.MQTTv5)
    client.username_pw_set(UID, PASSWORD)
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    async with home.gateway():
        for device in devices:
            client.publish(f"het/v1/dev/{device}/info", json.dumps(INFO | {"uid": device}), qos=1, retain=True)
        await until(lambda: len(home.of(SeenDevice)) == DEVICES)
        await asyncio.sleep(0.2)
        assert len({seen.device for seen in home.of(SeenDevice)}) == DEVICES == 64
    client.disconnect()
    client.loop_stop()
