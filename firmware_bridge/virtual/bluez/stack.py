"""What all parts of the virtual bluetoothd share."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from bumble.device import Device
from bumble.hci import Address
from bumble.keys import MemoryKeyStore

from firmware_bridge.errors import BusError, RoomError
from firmware_bridge.virtual.bluez.faults import Faults
from firmware_bridge.virtual.bluez.names import ADAPTER, BLUEZ_PATH
from firmware_bridge.virtual.bluez.objects import Objects
from firmware_bridge.virtual.bluez.refusals import NOT_READY
from firmware_bridge.virtual.bluez.tasks import Tasks


@dataclass(frozen=True, slots=True, kw_only=True)
class BluezSettings:
    """How a bluetoothd is set up: when it gives up connecting, and when it forgets a peer that it only heard.

    An advertisement that says nothing new is a signal only every `show_again_after`.
    """

    adapter: str = "hci0"
    connect_timeout: timedelta = timedelta(seconds=20)
    temporary_timeout: timedelta = timedelta(seconds=30)
    show_again_after: timedelta = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """The host below, the objects above, and what goes wrong in between."""

    host: Device
    objects: Objects
    faults: Faults
    tasks: Tasks
    settings: BluezSettings

    @property
    def adapter_path(self) -> str:
        """The object path of the adapter."""
        return f"{BLUEZ_PATH}/{self.settings.adapter}"

    def need_power(self) -> None:
        """Raises BusError unless the adapter is there and switched on."""
        if self.adapter_path not in self.objects or not self.objects.value(self.adapter_path, ADAPTER, "Powered"):
            raise BusError(*NOT_READY)

    def is_bonded(self, address: Address) -> bool:
        """Whether the host keeps keys for a peer."""
        return str(address) in self._bonds.all_keys

    def bonded(self) -> Iterator[Address]:
        """The peers that the host keeps keys for."""
        for name, keys in self._bonds.all_keys.items():
            yield Address(name, Address.RANDOM_DEVICE_ADDRESS if keys.address_type is None else keys.address_type)

    async def unbond(self, address: Address) -> None:
        """Delete the keys for a peer."""
        await self._bonds.delete(str(address))

    @property
    def _bonds(self) -> MemoryKeyStore:
        if not isinstance(self.host.keystore, MemoryKeyStore):
            raise RoomError(self.host.name)
        return self.host.keystore
