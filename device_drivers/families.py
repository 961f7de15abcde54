"""Every device family that Lumenward can read: a line each."""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from device_drivers.blockbluelight import gatt as panel_gatt
from device_drivers.blockbluelight import record as panel_record
from device_drivers.errors import FamilyUnknown
from device_drivers.hets import gatt
from device_drivers.hets.record import read_record
from vocabulary.readings import SessionRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """A kind of device: how it is told by its advertisement, and how its session records read.

    `advertised`: the service that it names; None for one that is told by its name alone. `named`: what its whole
    advertised name looks like; None where any name will do.
    """

    name: str
    advertised: str | None
    named: re.Pattern[str] | None
    read_record: Callable[[bytes], SessionRecord]

    def claims(self, name: str | None, services: Collection[str]) -> bool:
        """Whether an advertisement is one of this family's."""
        if self.advertised is not None and self.advertised not in services:
            return False
        return self.named is None or self.named.fullmatch(name or "") is not None


HETS: Final = Family(name="hets/1", advertised=gatt.SERVICE, named=None, read_record=read_record)

BLOCKBLUELIGHT: Final = Family(
    name="blockbluelight/1", advertised=None, named=panel_gatt.NAME, read_record=panel_record.read_record
)

FAMILIES: Final[Mapping[str, Family]] = MappingProxyType({family.name: family for family in (HETS, BLOCKBLUELIGHT)})


def family(name: str) -> Family:
    """Find a family by name. Raises FamilyUnknown."""
    try:
        return FAMILIES[name]
    except KeyError:
        raise FamilyUnknown(name, tuple(FAMILIES)) from None


def family_heard(name: str | None, services: Collection[str]) -> Family | None:
    """The family that an advertisement belongs to; None for a device that Lumenward does not read."""
    return next((one for one in FAMILIES.values() if one.claims(name, services)), None)
