"""One link to one device: every operation has a time limit, and every failure says which step it was."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Final, TypeVar

from bleak import BleakClient
from bleak.backends.device import BLEDevice
from bleak.exc import BleakCharacteristicNotFoundError, BleakDBusError, BleakError
from bleak_retry_connector import BleakClientWithServiceCache, establish_connection

from gateway.ble.slots import Turn
from gateway.errors import LinkLost, LinkRefused, LinkStale
from vocabulary.clock import Clock

OPERATION_S: Final = 10.0
"""How long one GATT operation may take: a hung daemon hangs every call for ever."""

PAIRING_S: Final = 30.0
"""How long pairing may take (SMP gives up after 30 s)."""

REFUSALS: Final = ("NotPermitted", "NotAuthorized", "NotSupported", "AuthenticationFailed", "AuthenticationRejected")
"""What BlueZ calls an answer of the device, as opposed to a failure of the link."""

R = TypeVar("R")


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """How a link is opened.

    `trusting`: take the attributes to be where bleak remembers them. `limit_s`: how long connecting may take. `turn`:
    whose turn it is meanwhile.
    """

    trusting: bool
    limit_s: float
    turn: Turn


class Link:
    """An open connection to a device.

    Reading, writing and subscribing raise LinkLost when the link is gone or does not answer in time, LinkStale when
    the device has no such characteristic, and LinkRefused when it says no. `lost` is set when the connection has
    ended; `heard_at` is when the device last answered.
    """

    def __init__(self, client: BleakClient, lost: asyncio.Event, clock: Clock, turn: Turn) -> None:
        self._client, self._clock, self._turn = client, clock, turn
        self.lost = lost
        self.address = client.address
        self.heard_at = self._clock()

    async def read(self, characteristic: str) -> bytes:
        """The value of a characteristic."""
        value = await self._bounded(f"reading {characteristic[4:8]}", self._client.read_gatt_char(characteristic))
        return bytes(value)

    async def write(self, characteristic: str, value: bytes) -> None:
        """Write with a response."""
        writing = self._client.write_gatt_char(characteristic, value, response=True)
        await self._bounded(f"writing {characteristic[4:8]}", writing)

    def payload(self, characteristic: str) -> int:
        """How many bytes one write of a characteristic carries. Raises LinkLost, LinkStale."""
        step = f"writing {characteristic[4:8]}"
        try:
            found = self._client.services.get_characteristic(characteristic)
        except BleakError as error:
            raise LinkLost(self.address, step, str(error)) from error
        if found is None:
            raise LinkStale(self.address, step, "the device has no such characteristic")
        return found.max_write_without_response_size

    async def subscribe(self, characteristic: str, take: Callable[[bytes], None]) -> None:
        """Have every notification or indication handed to `take`.

        By StartNotify, which keeps the order between characteristics: the answer that ends a report must not overtake
        its last record, as it may on AcquireNotify's sockets. The price is that a value which is read comes as a
        notification too.
        """

        def notified(_characteristic: object, value: bytearray) -> None:
            self.heard_at = self._clock()
            take(bytes(value))

        subscribing = self._client.start_notify(characteristic, notified)
        await self._bounded(f"subscribing to {characteristic[4:8]}", subscribing)

    def rests(self, resting: bool) -> None:  # noqa: FBT001  # one answer to one question
        """Whoever uses the link says whether there is nothing to do now, so that it may end without loss."""
        if resting:
            self._turn.rest()
        else:
            self._turn.work()

    async def pair(self) -> None:
        """Make a bond, or renew encryption under the one there is."""
        await self._bounded("pairing", self._client.pair(), PAIRING_S)

    async def forget(self) -> None:
        """Have BlueZ drop the bond and the attributes that it remembers; the connection ends."""
        await self._bounded("unpairing", self._client.unpair(), PAIRING_S)

    async def close(self) -> None:
        """Disconnect, as far as that is still to be done; nothing arrives after this."""
        with suppress(BleakError, EOFError, OSError, TimeoutError):
            async with asyncio.timeout(OPERATION_S):
                await self._client.disconnect()

    async def _bounded(self, step: str, operation: Awaitable[R], seconds: float = OPERATION_S) -> R:
        try:
            async with asyncio.timeout(seconds):
                result = await operation
        except TimeoutError:
            raise LinkLost(self.address, step, f"no answer in {seconds:.0f} s") from None
        except BleakDBusError as error:
            refused = error.dbus_error.rpartition(".")[2] in REFUSALS
            raise (LinkRefused if refused else LinkLost)(self.address, step, str(error)) from error
        except BleakCharacteristicNotFoundError as error:
            raise LinkStale(self.address, step, str(error)) from error
        except (BleakError, EOFError, OSError) as error:
            raise LinkLost(self.address, step, str(error) or type(error).__name__) from error
        self.heard_at = self._clock()
        return result


@asynccontextmanager
async def open_link(device: BLEDevice, clock: Clock, opening: Opening) -> AsyncGenerator[Link]:
    """Connect, and disconnect at the end. Raises LinkLost when no connection comes to be."""
    lost = asyncio.Event()
    link = Link(await _connect(device, lost, opening), lost, clock, opening.turn)
    try:
        yield link
    finally:
        await link.close()


async def _connect(device: BLEDevice, lost: asyncio.Event, opening: Opening) -> BleakClient:
    def disconnected(_client: BleakClient) -> None:
        lost.set()

    try:
        async with asyncio.timeout(opening.limit_s):
            return await establish_connection(
                BleakClientWithServiceCache,
                device,
                device.address,
                disconnected,
                max_attempts=3,
                use_services_cache=opening.trusting,
            )
    except TimeoutError:
        raise LinkLost(device.address, "connecting", f"no connection in {opening.limit_s:g} s") from None
    except (BleakError, EOFError, OSError) as error:
        raise LinkLost(device.address, "connecting", str(error) or type(error).__name__) from error
