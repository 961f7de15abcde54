"""What is in the air: one scanner for the whole process (BlueZ refuses a second), and whom it has heard."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from types import TracebackType
from typing import Final, Self

from bleak import BleakAdapter, BleakScanner
from bleak.args.bluez import BlueZAdapterArgs, BlueZScannerArgs
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData
from bleak.exc import BleakError

from gateway.errors import LinkLost, RadioUnavailable
from vocabulary.clock import Clock

UNHEARD_S: Final = 60.0
"""How long to wait for an advertisement of a device before saying that it is away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """The last sign of a device; `monotonic_s` orders it against links, `at` is for people.

    `rssi_dbm` is None for a device that was found connected and not heard.
    """

    device: BLEDevice
    rssi_dbm: int | None
    monotonic_s: float
    at: datetime


class Air:
    """The shared scanner: an async context. Devices are told apart by address.

    `newcomers` gives each address once, when it is first heard; `heard` holds the last sign of each. A device that
    an earlier life of the gateway left connected does not advertise, so it is asked for once at the start.
    """

    def __init__(self, services: Sequence[str], adapter: str | None, clock: Clock) -> None:
        self._clock = clock
        self._services = list(services)
        self._adapter: BlueZAdapterArgs = {"adapter": adapter} if adapter else {}
        scanning: BlueZScannerArgs = {"adapter": adapter} if adapter else {}
        self._scanner = BleakScanner(self._advertised, self._services, bluez=scanning)
        self.heard: dict[str, Heard] = {}
        self._listeners: dict[str, asyncio.Event] = {}
        self.newcomers: asyncio.Queue[str] = asyncio.Queue()

    async def __aenter__(self) -> Self:
        try:
            await self._scanner.start()
            await self._adopt_the_connected()
        except (BleakError, EOFError, OSError) as error:
            raise RadioUnavailable(str(error) or type(error).__name__) from error
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(BleakError, EOFError, OSError):
            await self._scanner.stop()

    async def wait_for(self, address: str, after: float) -> Heard:
        """The first advertisement of a device later than `after` (monotonic). Raises LinkLost when none comes."""
        listener = self._listeners.setdefault(address, asyncio.Event())
        try:
            async with asyncio.timeout(UNHEARD_S):
                while (heard := self.heard.get(address)) is None or heard.monotonic_s <= after:
                    listener.clear()
                    await listener.wait()
        except TimeoutError:
            raise LinkLost(address, "listening", f"not heard for {UNHEARD_S:.0f} s") from None
        return heard

    def _advertised(self, device: BLEDevice, data: AdvertisementData) -> None:
        self._note(device, data.rssi)

    async def _adopt_the_connected(self) -> None:
        if self._services:
            adapter = await BleakAdapter.get(bluez=self._adapter)
            for device in await adapter.get_connected_devices(self._services):
                self._note(device, None)

    def _note(self, device: BLEDevice, rssi_dbm: int | None) -> None:
        known = device.address in self.heard
        self.heard[device.address] = Heard(device=device, rssi_dbm=rssi_dbm, monotonic_s=monotonic(), at=self._clock())
        if not known:
            self.newcomers.put_nowait(device.address)
        if listener := self._listeners.get(device.address):
            listener.set()
