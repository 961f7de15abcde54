"""Hosts: Bumble's Bluetooth stack on a controller in a room."""

from datetime import timedelta
from functools import partial

from bumble.device import Device, DeviceConfiguration
from bumble.hci import Address
from bumble.keys import MemoryKeyStore

from firmware_bridge.virtual.radio.controller import RadioController
from firmware_bridge.virtual.radio.room import Room
from firmware_bridge.virtual.radio.security import authenticate_by_key
from firmware_bridge.virtual.radio.strict_server import StrictServer

_IRK_BYTES = 16
_MILLISECOND = timedelta(milliseconds=1)


def make_host(
    room: Room,
    name: str,
    address: str,
    *,
    advertising_interval: timedelta = timedelta(milliseconds=100),
    max_links: int | None = None,
) -> Device:
    """A host in a room, to be switched on with `power_on()`; keeps its bonds in memory.

    `address` is a static random one (its first two bits are 1, so "C0:…" to "FF:…"). `max_links` is how many links
    it can hold as a central. Needs a running event loop.
    """
    controller = RadioController(name, room, max_links)
    configuration = DeviceConfiguration(
        name=name,
        address=Address(address),
        advertising_interval_min=advertising_interval / _MILLISECOND,
        advertising_interval_max=advertising_interval / _MILLISECOND,
        irk=room.random.randbytes(_IRK_BYTES),
        # The controller resolves addresses, as in hardware; otherwise the host scans before it connects to a bond.
        address_resolution_offload=True,
        gap_service_enabled=False,
        gatt_service_enabled=False,
    )
    host = Device.from_config_with_hci(configuration, controller, controller)
    _keep_strict(host)
    keys = host.keystore = MemoryKeyStore()
    authenticate_by_key(host, keys)
    return host


def _keep_strict(host: Device) -> None:
    server = host.gatt_server = StrictServer(host)
    host.add_default_services()
    server.on(server.EVENT_CHARACTERISTIC_SUBSCRIPTION, partial(host.emit, server.EVENT_CHARACTERISTIC_SUBSCRIPTION))
