"""Every device family that Lumenward can read: a line each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from device_drivers.errors import FamilyUnknown
from device_drivers.hets import gatt
from device_drivers.hets.record import read_record
from vocabulary.readings import SessionRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """A kind of device: the service it advertises over BLE, and how its session records read."""

    name: str
    advertised: str
    read_record: Callable[[bytes], SessionRecord]


HETS: Final = Family(name="hets/1", advertised=gatt.SERVICE, read_record=read_record)

FAMILIES: Final[Mapping[str, Family]] = MappingProxyType({family.name: family for family in (HETS,)})


def family(name: str) -> Family:
    """Find a family by name. Raises FamilyUnknown."""
    try:
        return FAMILIES[name]
    except KeyError:
        raise FamilyUnknown(name, tuple(FAMILIES)) from None
