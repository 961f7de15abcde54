"""What is in the air: one scanner for the whole process (BlueZ refuses a second), and whom it has heard."""

import asyncio
from collections.abc import Callable, Collection, Generator
from contextlib import contextmanager, suppress
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

from device_drivers.families import FAMILIES, Family, family_heard
from gateway.errors import LinkLost, RadioUnavailable
from vocabulary.clock import Clock

UNHEARD_S: Final = 600.0
"""After so long without an advertisement a device is away, and its address forgotten (some change theirs)."""

SILENCE_S: Final = 90.0
"""After so long without any advertisement, of whomever, listening begins anew: a scan can be on and deaf (bleak #1689).
A home where nobody advertises pays for it with a scan begun anew now and then."""

LOOK_S: Final = 1.0
"""Between two looks whether there is still an adapter to listen with."""

_RSSI_DBM: Final = range(-127, 21)
"""Signal strengths; 127 stands for none (Bluetooth Core, HCI, LE Advertising Report)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """The last sign of a device; `monotonic_s` orders it against links, `at` is for people.

    `rssi_dbm` is None for a device that was found connected and not heard.
    """

    device: BLEDevice
    family: Family
    rssi_dbm: int | None
    monotonic_s: float
    at: datetime


Recognise = Callable[[str | None, Collection[str]], Family | None]
"""Tells the family of an advertisement by its name and its services; None for a device that nobody reads."""


class Air:
    """The shared scanner: an async context, in which `watch` must run. Devices are told apart by address.

    `newcomers` gives each address when it is first heard; `heard` holds the last sign of each that is not forgotten.
    A device may be connected although nobody here holds the link (an earlier life of the gateway made it, or the bus
    was restarted). It does not advertise then, so BlueZ is asked for it.
    """

    def __init__(
        self,
        adapter: str | None,
        clock: Clock,
        *,
        recognise: Recognise = family_heard,
        silence_s: float = SILENCE_S,
        unheard_s: float = UNHEARD_S,
    ) -> None:
        self._clock = clock
        self._recognise = recognise
        self._silence_s, self._unheard_s = silence_s, unheard_s
        self._adapter: BlueZAdapterArgs = {"adapter": adapter} if adapter else {}
        self._scanning: BlueZScannerArgs = {"adapter": adapter} if adapter else {}
        self._scanner = self._make_scanner()
        self._sign_s = monotonic()
        self.heard: dict[str, Heard] = {}
        self._listeners: dict[str, asyncio.Event] = {}
        self.newcomers: asyncio.Queue[str] = asyncio.Queue()

    async def __aenter__(self) -> Self:
        with _bluez_speaking():
            await self._listen()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stop()

    async def watch(self) -> None:
        """Keep listening. Raises RadioUnavailable when there is nothing left to listen with."""
        with _bluez_speaking():
            while True:
                await asyncio.sleep(LOOK_S)
                await self._adopt()
                if monotonic() - self._sign_s > self._silence_s:
                    await self._stop()
                    self._scanner = self._make_scanner()
                    await self._listen()

    async def wait_for(self, address: str, after: float) -> Heard:
        """The first advertisement of a device later than `after` (monotonic).

        Raises LinkLost when none comes; the address is a newcomer then when it is heard again.
        """
        listener = self._listeners.setdefault(address, asyncio.Event())
        try:
            async with asyncio.timeout(self._unheard_s):
                while (heard := self.heard.get(address)) is None or heard.monotonic_s <= after:
                    listener.clear()
                    await listener.wait()
        except TimeoutError:
            self.heard.pop(address, None)
            self._listeners.pop(address, None)
            raise LinkLost(address, "listening", f"not heard for {self._unheard_s:.0f} s") from None
        return heard

    def _make_scanner(self) -> BleakScanner:
        return BleakScanner(self._advertised, bluez=self._scanning)

    async def _listen(self) -> None:
        await self._scanner.start()
        await self._adopt()
        self._sign_s = monotonic()

    async def _stop(self) -> None:
        with suppress(BleakError, EOFError, OSError):
            await self._scanner.stop()

    async def _adopt(self) -> None:
        """Count as heard what is connected: it does not advertise. Of the scan it says nothing."""
        adapter = await BleakAdapter.get(bluez=self._adapter)
        for family in FAMILIES.values():
            if family.advertised is not None:
                for device in await adapter.get_connected_devices([family.advertised]):
                    known = self.heard.get(device.address)
                    self._note(device, family, known.rssi_dbm if known else None)

    def _advertised(self, device: BLEDevice, data: AdvertisementData) -> None:
        """Called for everything in the air; nothing is kept of what no family claims."""
        self._sign_s = monotonic()
        family = self._recognise(data.local_name, data.service_uuids)
        if family is not None:
            self._note(device, family, data.rssi if data.rssi in _RSSI_DBM else None)

    def _note(self, device: BLEDevice, family: Family, rssi_dbm: int | None) -> None:
        known = device.address in self.heard
        self.heard[device.address] = Heard(
            device=device, family=family, rssi_dbm=rssi_dbm, monotonic_s=monotonic(), at=self._clock()
        )
        if not known:
            self.newcomers.put_nowait(device.address)
        if listener := self._listeners.get(device.address):
            listener.set()


@contextmanager
def _bluez_speaking() -> Generator[None]:
    """What BlueZ and the bus raise is a RadioUnavailable."""
    try:
        yield
    except (BleakError, EOFError, OSError) as error:
        raise RadioUnavailable(str(error) or type(error).__name__) from error
