"""Advertising data as the properties of a Device1 object (Core Specification Supplement, part A)."""

import struct
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from dbus_fast import Variant

_SIG_BASE: Final = "{:08x}-0000-1000-8000-00805f9b34fb"


@dataclass(slots=True)
class _Found:
    name: str | None = None
    tx_power_dbm: int | None = None
    flags: bytes | None = None
    uuids: list[str] = field(default_factory=list[str])
    manufacturer_data: dict[int, Variant] = field(default_factory=dict[int, Variant])
    gatt_data: dict[str, Variant] = field(default_factory=dict[str, Variant])

    def properties(self) -> Mapping[str, Variant]:
        all_of = {
            "Name": ("s", self.name),
            "Alias": ("s", self.name),
            "TxPower": ("n", self.tx_power_dbm),
            "AdvertisingFlags": ("ay", self.flags),
            "UUIDs": ("as", self.uuids or None),
            "ManufacturerData": ("a{qv}", self.manufacturer_data or None),
            "ServiceData": ("a{sv}", self.gatt_data or None),
        }
        return {name: Variant(signature, value) for name, (signature, value) in all_of.items() if value is not None}


def advertised_properties(structures: Iterable[tuple[int, bytes]]) -> Mapping[str, Variant]:
    """The properties that advertising data and scan response give; structures too short for their type are skipped."""
    found = _Found()
    for kind, octets in structures:
        if kind in _READERS:
            _READERS[kind](found, octets)
    return found.properties()


def uuid_text(little_endian: bytes) -> str:
    """A UUID of 16, 32 or 128 bits as BlueZ writes it."""
    if len(little_endian) == 16:
        return str(UUID(bytes=little_endian[::-1]))
    return _SIG_BASE.format(int.from_bytes(little_endian, "little"))


def _list_of(size: int) -> Callable[[_Found, bytes], None]:
    def read(found: _Found, octets: bytes) -> None:
        whole = len(octets) - len(octets) % size
        found.uuids += [uuid_text(octets[at : at + size]) for at in range(0, whole, size)]

    return read


def _data_of(size: int) -> Callable[[_Found, bytes], None]:
    def read(found: _Found, octets: bytes) -> None:
        if len(octets) >= size:
            found.gatt_data[uuid_text(octets[:size])] = Variant("ay", octets[size:])

    return read


def _short_name(found: _Found, octets: bytes) -> None:
    found.name = found.name or _text(octets)


def _name(found: _Found, octets: bytes) -> None:
    found.name = _text(octets)


def _text(octets: bytes) -> str:
    return octets.decode(errors="replace").rstrip("\0")


def _flags(found: _Found, octets: bytes) -> None:
    found.flags = octets


def _tx_power(found: _Found, octets: bytes) -> None:
    if octets:
        (found.tx_power_dbm,) = struct.unpack_from("b", octets)


def _manufacturer(found: _Found, octets: bytes) -> None:
    if len(octets) >= 2:
        found.manufacturer_data[int.from_bytes(octets[:2], "little")] = Variant("ay", octets[2:])


_READERS: Final[Mapping[int, Callable[[_Found, bytes], None]]] = {
    0x01: _flags,
    0x02: _list_of(2),
    0x03: _list_of(2),
    0x04: _list_of(4),
    0x05: _list_of(4),
    0x06: _list_of(16),
    0x07: _list_of(16),
    0x08: _short_name,
    0x09: _name,
    0x0A: _tx_power,
    0x16: _data_of(2),
    0x20: _data_of(4),
    0x21: _data_of(16),
    0xFF: _manufacturer,
}
"""By the type of the structure."""
