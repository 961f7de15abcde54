"""A whole home behind a socket, as bleak meets it."""

import asyncio
import struct
from datetime import UTC, datetime, timedelta

import pytest
from bleak import BleakClient, BleakScanner

from firmware_bridge.virtual.definitions import Wifi
from firmware_bridge.virtual.home import VirtualHome, run_homes
from firmware_bridge.virtual.journal import LinkEvent, LinkLine, SampleLine, read_journal
from firmware_bridge.virtual.people import Begin, Deed
from firmware_bridge.virtual.radio import read_trace
from tests.firmware_bridge.homes import device, home, session, step
from tests.firmware_bridge.radio.loops import in_a_loop, until
from tests.firmware_bridge.wifi.rig import GATEWAY, PASSWORD, Gateway
from tests.line.brokers import running_broker
from vocabulary.clock import ClockMap

SERVICE = "e7a00001-6f1c-4b0e-9d5a-3c8f1d2a7b40"
STATE, LIVE, RECORD = (f"e7a0000{n}-6f1c-4b0e-9d5a-3c8f1d2a7b40" for n in (3, 4, 5))
RACP = "00002a52-0000-1000-8000-00805f9b34fb"
LIVE_FRAME = struct.Struct("<BBHHHHHhHHBB")
DAY_S = 86400
MASK = "0011223344556677"


def hurried(rate=200.0):
    return ClockMap(started_at=datetime.now(UTC), lead=timedelta(days=30), rate=rate)


class Running:
    """A home that runs while the block does."""

    def __init__(self, definition, clock):
        self._home, self._stop = VirtualHome(definition, clock), asyncio.Event()

    async def __aenter__(self):
        ready = asyncio.Event()
        self._task = asyncio.get_running_loop().create_task(self._home.run(self._stop, ready.set))
        await ready.wait()

    async def __aexit__(self, *_):
        self._stop.set()
        await self._task


@pytest.fixture
def socket(tmp_path, monkeypatch):
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path / 'bus'}")


@pytest.mark.usefixtures("socket")
@in_a_loop
async def test_bleak_bonds_and_hears_the_session_that_the_journal_tells_of(tmp_path):
    mask = device(tmp_path, step(0, Deed.OPEN_PAIRING), step(200, Deed.PUT_ON), step(210, Begin(1)))
    heard = []
    async with Running(home(tmp_path, mask, trace=tmp_path / "trace"), hurried()):
        found = await BleakScanner.find_device_by_filter(lambda _, told: SERVICE in told.service_uuids, timeout=5)
        async with BleakClient(found) as client:
            await client.pair()
            await client.start_notify(LIVE, lambda _, frame: heard.append(bytes(frame)))
            await until(lambda: len(heard) == 300)
    samples = [line.live for line in read_journal(mask.journal) if isinstance(line, SampleLine)]
    assert heard == samples
    traced = b"".join(packet.packet for packet in read_trace(tmp_path / "trace"))
    assert all(frame in traced for frame in heard)


@pytest.mark.usefixtures("socket")
@in_a_loop
async def test_history_can_be_downloaded_as_soon_as_the_home_is_ready(tmp_path):
    script = [act for day in range(1, 4) for act in session(-day * DAY_S)]
    mask = device(tmp_path, *script, step(0, Deed.OPEN_PAIRING))
    records, answers = [], asyncio.Queue()
    async with Running(home(tmp_path, mask), hurried()):
        found = await BleakScanner.find_device_by_filter(lambda _, told: SERVICE in told.service_uuids, timeout=5)
        async with BleakClient(found) as client:
            await client.pair()
            await client.start_notify(RECORD, lambda _, segment: records.append(bytes(segment)))
            await client.start_notify(RACP, lambda _, answer: answers.put_nowait(bytes(answer)))
            await client.write_gatt_char(RACP, bytes.fromhex("0101"), response=True)
            assert (await answers.get()).hex() == "06000101"
    assert len(records) == 3


@pytest.mark.usefixtures("socket")
@in_a_loop
async def test_a_device_that_loses_power_is_gone_and_comes_back(tmp_path):
    script = (step(0, Deed.OPEN_PAIRING), step(300, Deed.POWER_LOST), step(400, Deed.POWER_BACK))
    mask = device(tmp_path, *script)
    async with Running(home(tmp_path, mask), hurried()):
        found = await BleakScanner.find_device_by_filter(lambda _, told: SERVICE in told.service_uuids, timeout=5)
        lost = asyncio.Event()
        async with BleakClient(found, disconnected_callback=lambda _: lost.set()) as client:
            await client.pair()
            await asyncio.wait_for(lost.wait(), 5)
        async with BleakClient(found) as client:
            assert bytes(await client.read_gatt_char(STATE))[10:14] == b"\x02\0\0\0"
    events = [line.event for line in read_journal(mask.journal) if isinstance(line, LinkLine)]
    assert events[:4] == [LinkEvent.PAIRING_OPEN, LinkEvent.CONNECTED, LinkEvent.BONDED, LinkEvent.DISCONNECTED]


@pytest.fixture
def broker(tmp_path):
    with running_broker("embedded", tmp_path, {GATEWAY: PASSWORD, MASK: PASSWORD}) as running:
        yield running


def mask_on_wifi(tmp_path, broker, *script):
    """A mask that waits for its gateway before anything happens to it."""
    wifi = Wifi(host="127.0.0.1", port=broker.port, password=PASSWORD)
    return device(tmp_path, step(0, Deed.WAIT_UNTIL_FOLLOWED), *script, transport=wifi)


async def follow(gateway):
    await asyncio.wait_for(gateway.subscribed.wait(), 5)
    await until(lambda: gateway.of("info"))
    gateway.acknowledge(0)


@in_a_loop
async def test_a_device_on_wifi_says_what_its_journal_tells_of(tmp_path, broker):
    mask = mask_on_wifi(tmp_path, broker, step(1, Deed.PUT_ON), step(2, Begin(1)))
    gateway = Gateway(broker, MASK)
    async with Running(home(tmp_path, mask), hurried()):
        await follow(gateway)
        await until(lambda: len(gateway.of("live")) == 300)
        await until(lambda: gateway.of("session"))
    gateway.close()
    heard = [
        (body["seq"], round(body["level_mw_per_cm2"] * 10), round(body["skin_celsius"] * 100), body["battery_percent"])
        for body in gateway.bodies("live")
    ]
    frames = [LIVE_FRAME.unpack(line.live) for line in read_journal(mask.journal) if isinstance(line, SampleLine)]
    assert heard == [(frame[2], frame[6], frame[7], frame[10]) for frame in frames]


@in_a_loop
async def test_out_of_range_is_out_of_wifi(tmp_path, broker):
    there_and_back = (step(60, Deed.OUT_OF_RANGE), step(100, Deed.IN_RANGE))
    mask = mask_on_wifi(tmp_path, broker, step(1, Deed.PUT_ON), step(2, Begin(0)), *there_and_back)
    gateway = Gateway(broker, MASK)
    async with Running(home(tmp_path, mask), hurried()):
        await follow(gateway)
        await until(lambda: gateway.of("session"), seconds=10)
    gateway.close()
    lines = read_journal(mask.journal)
    lost = sum(isinstance(line, SampleLine) for line in lines) - len(gateway.of("live"))
    numbers = [message.seq for message in gateway.heard if message.told]
    assert lost >= 40
    assert numbers[-1] + 1 - len(numbers) == lost
    events = [line.event for line in lines if isinstance(line, LinkLine)]
    assert events == [
        LinkEvent.CONNECTED,
        LinkEvent.OUT_OF_RANGE,
        LinkEvent.DISCONNECTED,
        LinkEvent.IN_RANGE,
        LinkEvent.CONNECTED,
        LinkEvent.DISCONNECTED,
    ]


@in_a_loop
async def test_homes_of_one_process_are_ready_together_and_stop_when_told(tmp_path):
    homes = [
        home(tmp_path, device(tmp_path, number=number), name=f"home-{number}", socket=tmp_path / f"bus-{number}")
        for number in (1, 2)
    ]
    stop, ready = asyncio.Event(), []
    running = asyncio.get_running_loop().create_task(run_homes(homes, hurried(), stop, lambda: ready.append(None)))
    await until(lambda: ready)
    assert all(definition.socket.exists() for definition in homes)
    stop.set()
    await asyncio.wait_for(running, 5)
    assert ready == [None]
