"""A virtual home: a room with devices in people's hands, and a dongle behind a virtual org.bluez.

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

from firmware_bridge.virtual.bluez import VirtualBluez
from firmware_bridge.virtual.definitions import DeviceDefinition, HomeDefinition
from firmware_bridge.virtual.hets.happenings import Happening
from firmware_bridge.virtual.life import Life, Now
from firmware_bridge.virtual.peripheral import Peripheral
from firmware_bridge.virtual.radio import Room, Trace, attach_trace, make_host
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
        for life in self._lives:
            life.relive()

    async def run(self, until: asyncio.Event, ready: Callable[[], None] = lambda: None) -> None:
        """Live until told to stop; `ready` is called when the socket answers and the devices advertise."""
        room = Room(self._definition.room, Random(self._definition.seed))  # noqa: S311  # chance, not a secret
        airs = [self._put_in_air(room, *one) for one in zip(self._lives, self._definition.devices, strict=True)]
        dongle = make_host(room, self._definition.name, DONGLE_ADDRESS)
        trace = self._traced(dongle)
        bluez = VirtualBluez(dongle, self._definition.socket)
        try:
            for air, life in zip(airs, self._lives, strict=True):
                await air.start(audible=life.is_audible)
            await bluez.start()
            ready()
            await self._live(until)
        finally:
            await bluez.stop()
            for air in airs:
                await air.stop()
            self._close(trace)

    async def _live(self, until: asyncio.Event) -> None:
        while not until.is_set():
            for life in self._lives:
                self._catch_up(life)
            await _wait(until, self._until_due())

    def _put_in_air(self, room: Room, life: Life, definition: DeviceDefinition) -> Air:
        name = f"{life.device.product.model} {definition.uid[-4:].upper()}"
        host = make_host(room, name, definition.address)
        peripheral = Peripheral(host, life.device, catch_up=lambda: self._catch_up(life), noted=life.note)
        life.radio = air = Air(room, host, peripheral)
        return air

    def _catch_up(self, life: Life) -> None:
        life.live(self._clock.civil(self._now()))

    def _until_due(self) -> timedelta:
        due = min((life.due for life in self._lives), default=self._clock.civil(self._now()) + timedelta(seconds=1))
        return max(self._clock.real(due) - self._now(), _SHORTEST_SLEEP)

    def _traced(self, dongle: Device) -> Trace | None:
        path = self._definition.trace
        return None if path is None else attach_trace(dongle, path, self._now)

    def _close(self, trace: Trace | None) -> None:
        for life in self._lives:
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
