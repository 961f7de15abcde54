"""The session record: 56 bytes that a device keeps of each session (device profile, Record)."""

from binascii import crc_hqx
from dataclasses import dataclass
from struct import Struct
from typing import Final

from firmware_bridge.virtual.hets.codes import EndReason, Fault, Modality, RecordFlag, TimeFlag, Zone, bits
from firmware_bridge.virtual.hets.layouts import UNITS, hundredths, ohms

FIRST_IN_CHAIN: Final = 0xFFFF
"""The "CRC of the previous record" of the first."""

_HEAD: Final = Struct("<BBII6sBbB")
_BODY: Final = Struct("<BBHHHHBBBIHhHIIHH")
_CRC: Final = Struct("<H")
_TIME_FLAGS_AT: Final = 16
_COUNTER_AT: Final = slice(2, 6)
_TIMELINE_AT: Final = slice(6, 10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """An instant as a device knows it: seconds since 2000 in UTC, or ticks of one second of a timeline."""

    seconds: int
    timeline: int
    utc: bool
    zone_quarters: int | None
    source: int

    @property
    def flags(self) -> int:
        """Its Elapsed Time flags, the bit "current timeline" clear."""
        kind = TimeFlag.UTC if self.utc else TimeFlag.TICK
        return bits((kind,) if self.zone_quarters is None else (kind, TimeFlag.ZONE_USED))


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One session, as the device saw it. Level and dose in the unit of the modality (`layouts.Units`)."""

    flags: frozenset[RecordFlag]
    counter: int
    start: Stamp
    modality: Modality
    program: int
    zones: tuple[Zone, ...]
    planned_s: int
    active_s: int
    elapsed_s: int
    end_reason: EndReason
    pauses: int
    dose: float
    peak_level: float
    highest_skin_celsius: float | None
    impedance_ohm: float | None
    prescription: int
    firmware: int
    faults: frozenset[Fault]
    previous_crc: int

    def encode(self) -> bytes:
        """The 56 bytes as stored: "current timeline" is a matter of the reading (`as_read`)."""
        content = self._head() + self._body()
        return content + _CRC.pack(crc_hqx(content, 0xFFFF))

    def _head(self) -> bytes:
        return _HEAD.pack(
            1,
            bits(self.flags),
            self.counter,
            self.start.timeline,
            self.start.seconds.to_bytes(6, "little"),
            self.start.flags,
            self.start.zone_quarters or 0,
            self.start.source,
        )

    def _body(self) -> bytes:
        units = UNITS[self.modality]
        return _BODY.pack(
            self.modality,
            self.program,
            bits(self.zones),
            self.planned_s,
            self.active_s,
            self.elapsed_s,
            self.end_reason,
            self.pauses,
            units.dose_code,
            round(self.dose * units.record_dose),
            round(self.peak_level * units.level),
            hundredths(self.highest_skin_celsius),
            ohms(self.impedance_ohm),
            self.prescription,
            self.firmware,
            bits(self.faults),
            self.previous_crc,
        )


def counter_of(stored: bytes) -> int:
    """The session counter of a stored record."""
    return int.from_bytes(stored[_COUNTER_AT], "little")


def crc_of(stored: bytes) -> int:
    """What the next record carries to continue the chain."""
    return int.from_bytes(stored[-2:], "little")


def as_read(stored: bytes, timeline: int) -> bytes:
    """The record as a device on this timeline gives it: the CRC stays, whatever the bit says."""
    current = int.from_bytes(stored[_TIMELINE_AT], "little") == timeline
    told = stored[_TIME_FLAGS_AT] | (current << TimeFlag.CURRENT_TIMELINE)
    return stored[:_TIME_FLAGS_AT] + bytes((told,)) + stored[_TIME_FLAGS_AT + 1 :]
