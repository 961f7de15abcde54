"""The GATT table of a peer, found over its link, as the objects that BlueZ makes of it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from bumble.core import UUID
from bumble.gatt import GATT_CLIENT_CHARACTERISTIC_CONFIGURATION_DESCRIPTOR, Characteristic
from bumble.gatt_client import CharacteristicProxy, ServiceProxy
from dbus_fast import Variant

from firmware_bridge.virtual.bluez import variants
from firmware_bridge.virtual.bluez.advertised import uuid_text
from firmware_bridge.virtual.bluez.names import GATT_CHARACTERISTIC, GATT_DESCRIPTOR, GATT_SERVICE

_P = Characteristic.Properties
NOTIFYING: Final = _P.NOTIFY | _P.INDICATE
COMMANDS: Final = _P.WRITE_WITHOUT_RESPONSE
NO_FLAGS: Final = _P(0)

_FLAGS: Final = {
    _P.BROADCAST: "broadcast",
    _P.READ: "read",
    _P.WRITE_WITHOUT_RESPONSE: "write-without-response",
    _P.WRITE: "write",
    _P.NOTIFY: "notify",
    _P.INDICATE: "indicate",
    _P.AUTHENTICATED_SIGNED_WRITES: "authenticated-signed-writes",
    _P.EXTENDED_PROPERTIES: "extended-properties",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class GattObject:
    """One exported object; `handle` is where its value is, `cccd` where notifying is switched, 0 for nowhere."""

    interface: str
    properties: Mapping[str, Variant]
    handle: int
    flags: Characteristic.Properties = NO_FLAGS
    cccd: int = 0


Table = Mapping[str, GattObject]
"""By object path, parents first."""


def table_of(device_path: str, found: Iterable[ServiceProxy], mtu: int) -> Table:
    """The objects for what was discovered."""
    return {path: made for service in found for path, made in _objects(device_path, service, mtu)}


def _objects(device_path: str, service: ServiceProxy, mtu: int) -> Iterator[tuple[str, GattObject]]:
    path = f"{device_path}/service{service.handle:04x}"
    properties = {
        "UUID": _uuid(service.uuid),
        "Device": variants.path(device_path),
        "Primary": variants.YES,
        "Includes": Variant("ao", []),
    }
    yield path, GattObject(interface=GATT_SERVICE, properties=properties, handle=service.handle)
    for characteristic in service.characteristics:
        yield from _characteristic(path, characteristic, mtu)


def _characteristic(
    parent: str, characteristic: CharacteristicProxy[bytes], mtu: int
) -> Iterator[tuple[str, GattObject]]:
    path = f"{parent}/char{characteristic.handle - 1:04x}"  # BlueZ names it by the handle of its declaration
    cccd = characteristic.get_descriptor(GATT_CLIENT_CHARACTERISTIC_CONFIGURATION_DESCRIPTOR)
    yield (
        path,
        GattObject(
            interface=GATT_CHARACTERISTIC,
            properties=_characteristic_properties(parent, characteristic, mtu),
            handle=characteristic.handle,
            flags=characteristic.properties,
            cccd=0 if cccd is None else cccd.handle,
        ),
    )
    for descriptor in characteristic.descriptors:
        if descriptor is not cccd:
            properties = {"UUID": _uuid(descriptor.type), "Characteristic": variants.path(path)}
            yield (
                f"{path}/desc{descriptor.handle:04x}",
                GattObject(interface=GATT_DESCRIPTOR, properties=properties, handle=descriptor.handle),
            )


def _characteristic_properties(
    parent: str, characteristic: CharacteristicProxy[bytes], mtu: int
) -> Mapping[str, Variant]:
    flags = characteristic.properties
    properties = {
        "UUID": _uuid(characteristic.uuid),
        "Service": variants.path(parent),
        "Flags": variants.texts(text for flag, text in _FLAGS.items() if flags & flag),
        "MTU": Variant("q", mtu),
    }
    if flags & COMMANDS:
        properties |= {"WriteAcquired": variants.NO}
    if flags & NOTIFYING:
        properties |= {"Notifying": variants.NO, "NotifyAcquired": variants.NO}
    return properties


def _uuid(uuid: UUID) -> Variant:
    return variants.text(uuid_text(uuid.to_bytes()))
