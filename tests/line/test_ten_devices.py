"""Ten devices for long, while people, radios and BlueZ do what they do: each figure of a journal is accounted for."""

import asyncio
import logging
from collections import Counter
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from device_drivers.hets.record import read_record
from firmware_bridge.virtual.air import RoomSettings
from firmware_bridge.virtual.bluez import BluezSettings, VirtualBluez
from firmware_bridge.virtual.bluez.names import DEVICE, GATT_CHARACTERISTIC
from firmware_bridge.virtual.bluez.refusals import ATT_TIMED_OUT, IN_PROGRESS, LE_UNKNOWN
from firmware_bridge.virtual.hets.codes import Zone
from firmware_bridge.virtual.hets.products import Program
from firmware_bridge.virtual.home import Air, real_now
from firmware_bridge.virtual.journal import RecordLine, SampleLine, read_journal
from firmware_bridge.virtual.life import Life
from firmware_bridge.virtual.people import Begin, Deed
from firmware_bridge.virtual.peripheral import Peripheral
from firmware_bridge.virtual.radio import Room, make_host
from gateway.ble.hets import Patience
from gateway.ble.radio import Limits
from gateway.sessions.book import SessionBook
from tests.firmware_bridge.homes import device, step
from tests.firmware_bridge.radio.loops import in_a_loop, until
from tests.gateway.devices import unwatched
from tests.gateway.radios import hets_radio
from vocabulary.clock import ClockMap
from vocabulary.wire.batches import Gap, SampleBlock, StoredRecord

_log = logging.getLogger(__name__)

DEVICES, SLOTS = 10, 8
SESSION_S, REST_S, ABSENCE_S = 24, 8, 6
PAIRED_S = 5
"""Real seconds at the beginning in which the devices are met."""
CURRENT_TIMELINE = 0x20
LEAD = timedelta(hours=1)
"""How far behind the present it all begins, so that time can run faster."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How long it goes on, how much faster than life, how often something goes wrong, and by which chance."""

    lasting_s: float
    rate: float
    mishap_every_s: float
    seed: int


def script(chance, plan):
    """What happens to one device: sessions, some stopped, absences and losses of power."""
    ends_s = plan.lasting_s * plan.rate
    steps, at_s = [step(0, Deed.OPEN_PAIRING), step(1, Deed.PUT_ON)], PAIRED_S * plan.rate + chance.uniform(0, REST_S)
    while at_s < ends_s - SESSION_S:
        steps.append(step(at_s, Begin(0)))
        for begins, ends in chance.sample(EVENTS, chance.randint(0, 2)):
            from_s = at_s + chance.uniform(1, SESSION_S - ABSENCE_S)
            steps += [step(from_s, begins), *([step(from_s + chance.uniform(1, ABSENCE_S), ends)] if ends else [])]
        at_s += SESSION_S + chance.uniform(1, REST_S)
    return (*steps, step(ends_s, Deed.STOP))


EVENTS = [(Deed.STOP, None), (Deed.OUT_OF_RANGE, Deed.IN_RANGE), (Deed.POWER_LOST, Deed.POWER_BACK)]


class Neighbourhood:
    """Ten devices and a dongle in one room."""

    def __init__(self, tmp_path, bus, plan):
        chance = Random(plan.seed)
        self.clock = ClockMap(started_at=datetime.now(UTC), lead=LEAD, rate=plan.rate)
        program = Program(planned=timedelta(seconds=SESSION_S), level=30.0, zones=(Zone.WHOLE_FACE,))
        self.definitions = [
            device(tmp_path, *script(chance, plan), number=number, programs=(program,))
            for number in range(1, DEVICES + 1)
        ]
        self.lives = [Life(one, self.clock.civil(self.clock.started_at), real_now) for one in self.definitions]
        self.room = Room(
            RoomSettings(
                connection_interval=timedelta(milliseconds=15), supervision_timeout=timedelta(milliseconds=200)
            ),
            Random(plan.seed),
        )
        self.airs = [self.put_in_air(number, life) for number, life in enumerate(self.lives, 1)]
        dongle = make_host(self.room, "dongle", "F0:F0:F0:F0:F0:F0", max_links=SLOTS)
        self.bluez = VirtualBluez(dongle, bus, settings=BluezSettings(connect_timeout=timedelta(seconds=3)))

    def put_in_air(self, number, life):
        host = make_host(self.room, f"Mask {number}", f"C0:00:00:00:00:{number:02X}")
        peripheral = Peripheral(host, life.device, catch_up=lambda: self.catch_up(life), noted=life.note)
        life.radio = Air(self.room, host, peripheral)
        return life.radio

    def catch_up(self, life):
        life.live(self.clock.civil(real_now()))

    async def live(self):
        while True:
            for life in self.lives:
                self.catch_up(life)
            await asyncio.sleep(0.02)

    @asynccontextmanager
    async def lived_in(self):
        async with AsyncExitStack() as stack:
            for air, life in zip(self.airs, self.lives, strict=True):
                await air.start(audible=True)
                stack.push_async_callback(air.stop)
                stack.callback(life.close)
            await self.bluez.start()
            stack.push_async_callback(self.bluez.stop)
            await stack.enter_async_context(running(self.live()))
            yield


@asynccontextmanager
async def running(work):
    """Something goes on while the block does."""
    task = asyncio.ensure_future(work)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def slow(bluez):
    bluez.faults.delay = timedelta(milliseconds=50)
    await asyncio.sleep(0.5)
    bluez.faults.delay = timedelta(0)


async def hung(bluez):
    bluez.faults.hang()
    await asyncio.sleep(0.5)
    bluez.faults.resume()


async def switched_off(bluez):
    await bluez.switch_off()
    await asyncio.sleep(0.3)
    await bluez.switch_on()


async def pulled_out(bluez):
    await bluez.unplug()
    await asyncio.sleep(0.3)
    await bluez.plug_in()


async def bus_gone(bluez):
    bluez.restart_bus()


async def deaf(bluez):
    bluez.faults.deaf = True


def for_a_while(fault):
    async def mishap(bluez):
        setattr(bluez.faults, fault, True)
        await asyncio.sleep(1)
        setattr(bluez.faults, fault, False)

    mishap.__name__ = fault
    return mishap


def refused(interface, member, refusal):
    async def mishap(bluez):
        bluez.faults.refuse(interface, member, refusal, times=3)

    mishap.__name__ = f"{member} {refusal.text}"
    return mishap


FREQUENT = (
    slow,
    hung,
    deaf,
    for_a_while("doubled_notifications"),
    for_a_while("phantom_connected"),
    for_a_while("never_resolves"),
    for_a_while("stale_gatt"),
    refused(DEVICE, "Connect", LE_UNKNOWN),
    refused(DEVICE, "Connect", IN_PROGRESS),
    refused(GATT_CHARACTERISTIC, "ReadValue", ATT_TIMED_OUT),
    refused(GATT_CHARACTERISTIC, "WriteValue", ATT_TIMED_OUT),
    refused(GATT_CHARACTERISTIC, "StartNotify", ATT_TIMED_OUT),
)
RARE = (bus_gone, switched_off, pulled_out)


async def mishaps(bluez, plan, happened):
    """One thing after the other goes wrong, for as long as the plan says."""
    chance = Random(plan.seed)
    await asyncio.sleep(PAIRED_S)
    with suppress(TimeoutError):
        async with asyncio.timeout(plan.lasting_s - PAIRED_S):
            while True:
                await asyncio.sleep(chance.uniform(0.5, 1.5) * plan.mishap_every_s)
                mishap = chance.choice(RARE if chance.random() < 0.1 else FREQUENT)
                happened[mishap.__name__] += 1
                await asyncio.shield(mishap(bluez))


@dataclass
class Account:
    """What a journal has, against what was put on disk."""

    produced: set = field(default_factory=set)
    recorded: dict = field(default_factory=dict)
    stored: Counter = field(default_factory=Counter)
    missing: Counter = field(default_factory=Counter)
    records: Counter = field(default_factory=Counter)

    def journal(self, path):
        for line in read_journal(path):
            if isinstance(line, SampleLine):
                self.produced.add((line.counter, line.sequence))
            elif isinstance(line, RecordLine):
                self.recorded[line.counter] = line.record

    def item(self, item):
        if isinstance(item, SampleBlock):
            last = item.first + len(item.columns.active_s)
            self.stored.update((item.counter, number) for number in range(item.first, last))
        elif isinstance(item, Gap):
            self.missing.update((item.counter, number) for number in range(item.first, item.last + 1))
        elif isinstance(item, StoredRecord):
            data = item.data
            self.records[data[:16] + bytes([data[16] & ~CURRENT_TIMELINE]) + data[17:]] += 1

    def check(self):
        assert self.stored + self.missing == Counter(self.produced)
        assert self.records == Counter(self.recorded.values())


def account_of(definition, items):
    account = Account()
    account.journal(definition.journal)
    for item in items:
        if getattr(item, "device", None) == definition.uid:
            account.item(item)
    return account


async def go_through(tmp_path, bus, plan):
    """Live through a plan; what came of each device, and what went wrong meanwhile."""
    neighbourhood, items, happened = Neighbourhood(tmp_path, bus, plan), [], Counter()

    async def put(entry):
        items.extend(entry.items)

    def items_of(definition):
        return [item for item in items if getattr(item, "device", None) == definition.uid]

    def told(definition):
        return {read_record(item.data).counter for item in items_of(definition) if isinstance(item, StoredRecord)}

    def all_is_told():
        lives = zip(neighbourhood.lives, neighbourhood.definitions, strict=True)
        return all(
            life.device.memory.running is None and told(one) == set(range(1, life.device.memory.counter + 1))
            for life, one in lives
        )

    radio = hets_radio(
        SessionBook(put, {}, unwatched),
        lambda: neighbourhood.clock.civil(real_now()),
        limits=Limits(slots=SLOTS, turn_s=1, connect_s=5, silence_s=3),
        patience=Patience(emitting_s=2, resting_s=3),
    )
    async with neighbourhood.lived_in(), running(radio.run()):
        await mishaps(neighbourhood.bluez, plan, happened)
        await until(all_is_told, seconds=60)
    return [account_of(definition, items) for definition in neighbourhood.definitions], happened


def told_shortly(accounts, happened):
    """The figures in a line."""
    sizes = ((len(one.produced), len(one.stored), len(one.missing), len(one.records)) for one in accounts)
    produced, stored, missing, records = map(sum, zip(*sizes, strict=True))
    return f"{produced} samples produced = {stored} stored + {missing} in gaps; {records} records; {dict(happened)}"


@pytest.fixture
def bus(tmp_path, monkeypatch):
    socket = tmp_path / "bus"
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={socket}")
    return socket


@pytest.mark.parametrize(
    "plan",
    [
        pytest.param(Plan(lasting_s=20, rate=5, mishap_every_s=1.5, seed=1), id="short"),
        pytest.param(
            Plan(lasting_s=1800, rate=1, mishap_every_s=3, seed=2),
            id="half-an-hour",
            marks=[pytest.mark.soak, pytest.mark.timeout(2400)],
        ),
    ],
)
@in_a_loop
async def test_every_figure_of_ten_journals_is_accounted_for(tmp_path, bus, plan):
    accounts, happened = await go_through(tmp_path, bus, plan)
    _log.info("%s", told_shortly(accounts, happened))
    for account in accounts:
        account.check()
    assert all(account.produced and account.records for account in accounts)
    assert sum(len(account.stored) for account in accounts) > plan.lasting_s
