"""A virtual home: a room with devices in people's hands, and a dongle behind a virtual org.bluez.

A device is on the air of the room or, over Wi-Fi, at the broker of the home.

Device time is civil time. Each device lives every second that is due, in a burst after a stall, so what a journal
says of a session does not depend on how busy the machine was.
"""

import asyncio
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random
from typing import Final

from bumble.device import Device

from firmware_bridge.virtual.blockbluelight.air import PanelAir
from firmware_bridge.virtual.blockbluelight.life import PanelLife
from firmware_bridge.virtual.bluez import VirtualBluez
from firmware_bridge.virtual.definitions import Ble, DeviceDefinition, HomeDefinition
from firmware_bridge.virtual.hets.happenings import Happening
from firmware_bridge.virtual.life import Life, Now
from firmware_bridge.virtual.peripheral import Peripheral
from firmware_bridge.virtual.radio import Room, Trace, attach_trace, make_host
from firmware_bridge.virtual.troubles import befall
from firmware_bridge.virtual.wifi.station import Station
from vocabulary.clock import ClockMap

DONGLE_ADDRESS: Final = "F0:F0:F0:F0:F0:F0"
_SHORTEST_SLEEP: Final = timedelta(milliseconds=5)


def real_now() -> datetime:
    """The real time."""
    return datetime.now(UTC)


class Air:
    """A device's place in the air of a room."""

    def __init__(self, room: Room, host: Device, peripheral: Peripheral) -> None:
        self._room, self._host, self._peripheral = room, host, peripheral

    async def start(self, *, audible: bool) -> None:
        """Switch the radio on, heard by others or not yet."""
        await self._peripheral.start()
        self._room.set_in_range(self._host, in_range=audible)

    async def stop(self) -> None:
        """Switch the radio off."""
        await self._peripheral.stop()

    def is_followed(self) -> bool:
        """Whether somebody listens to live frames."""
        return self._peripheral.is_followed

    def tell(self, happening: Happening) -> None:
        """Notify whoever listens."""
        self._peripheral.tell(happening)

    def open_pairing(self) -> None:
        """Accept a pairing for a while."""
        self._peripheral.open_pairing()

    def appear(self) -> None:
        """Be heard."""
        self._room.set_in_range(self._host, in_range=True)

    def vanish(self) -> None:
        """Be heard no more."""
        self._room.set_in_range(self._host, in_range=False)

    def die(self) -> None:
        """Be heard no more, and know nothing of any link."""
        self.vanish()
        self._peripheral.hang_up()


class VirtualHome:
    """One home, from its history on.

    Making it lives the history of its devices, which takes a moment; their journals hold it then.
    """

    def __init__(self, definition: HomeDefinition, clock: ClockMap, now: Now = real_now) -> None:
        self._definition, self._clock, self._now = definition, clock, now
        began = clock.civil(clock.started_at)
        self._lives = tuple(Life(device, began, now) for device in definition.devices)
        self._panels = tuple(PanelLife(panel, began, now) for panel in definition.panels)
        for life in self._everybody:
            life.relive()

    async def run(self, until: asyncio.Event, ready: Callable[[], None] = lambda: None) -> None:
        """Live until told to stop; `ready` is called when the socket answers and the devices advertise."""
        room = Room(self._definition.room, Random(self._definition.seed))  # noqa: S311  # chance, not a secret
        airs = [
            *(self._reach_out(room, *one) for one in zip(self._lives, self._definition.devices, strict=True)),
            *(self._panel_air(room, panel) for panel in self._panels),
        ]
        dongle = make_host(room, self._definition.name, DONGLE_ADDRESS)
        trace = self._traced(dongle)
        bluez, fate = VirtualBluez(dongle, self._definition.socket), None
        try:
            for air, life in zip(airs, self._everybody, strict=True):
                await air.start(audible=life.is_audible)
            await bluez.start()
            ready()
            fate = asyncio.create_task(befall(self._definition.troubles, bluez, self._until))
            await self._live(until)
        finally:
            if fate is not None:
                fate.cancel()
            await bluez.stop()
            for air in airs:
                await air.stop()
            self._close(trace)

    async def _live(self, until: asyncio.Event) -> None:
        while not until.is_set():
            for life in self._everybody:
                self._catch_up(life)
            await _wait(until, self._until_due())

    def _until(self, at: timedelta) -> timedelta:
        """How much real time is left to a time from the start of the scenario."""
        return self._clock.real(self._clock.civil(self._clock.started_at) + at) - self._now()

    def _reach_out(self, room: Room, life: Life, definition: DeviceDefinition) -> Air | Station:
        transport = definition.transport
        radio: Air | Station = (
            self._air(room, life, transport.address)
            if isinstance(transport, Ble)
            else Station(life.device, transport, catch_up=lambda: self._catch_up(life), noted=life.note)
        )
        life.radio = radio
        return radio

    def _air(self, room: Room, life: Life, address: str) -> Air:
        device = life.device
        host = make_host(room, f"{device.product.model} {device.uid[-4:].upper()}", address)
        return Air(room, host, Peripheral(host, device, catch_up=lambda: self._catch_up(life), noted=life.note))

    def _panel_air(self, room: Room, life: PanelLife) -> PanelAir:
        host = make_host(room, life.definition.name, life.definition.address)
        life.radio = air = PanelAir(room, host, life, catch_up=lambda: self._catch_up(life))
        return air

    @property
    def _everybody(self) -> tuple[Life | PanelLife, ...]:
        return (*self._lives, *self._panels)

    def _catch_up(self, life: Life | PanelLife) -> None:
        life.live(self._clock.civil(self._now()))

    def _until_due(self) -> timedelta:
        due = min((life.due for life in self._everybody), default=self._clock.civil(self._now()) + timedelta(seconds=1))
        return max(self._clock.real(due) - self._now(), _SHORTEST_SLEEP)

    def _traced(self, dongle: Device) -> Trace | None:
        path = self._definition.trace
        return None if path is None else attach_trace(dongle, path, self._now)

    def _close(self, trace: Trace | None) -> None:
        for life in self._everybody:
            life.close()
        if trace is not None:
            trace.close()


async def run_homes(
    definitions: Iterable[HomeDefinition], clock: ClockMap, until: asyncio.Event, ready: Callable[[], None]
) -> None:
    """Run homes in this process until told to stop; `ready` is called once, when all of them are."""
    homes = [VirtualHome(definition, clock) for definition in definitions]
    waiting = set(homes)

    def one_ready(home: VirtualHome) -> None:
        waiting.discard(home)
        if not waiting:
            ready()

    async with asyncio.TaskGroup() as running:
        for home in homes:
            running.create_task(home.run(until, partial(one_ready, home)))


async def _wait(until: asyncio.Event, longest: timedelta) -> None:
    try:
        async with asyncio.timeout(longest.total_seconds()):
            await until.wait()
    except TimeoutError:
        return
