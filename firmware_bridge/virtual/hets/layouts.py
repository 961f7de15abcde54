"""Features, State and Live: the bytes of what a device says of itself (device profile, BLE)."""

from dataclasses import dataclass, field
from struct import Struct
from typing import Final, Self

from firmware_bridge.virtual.hets.codes import NO_LIMIT, Fault, Feature, Modality, State, Zone, bits

NO_TEMPERATURE: Final = -0x8000
NO_IMPEDANCE: Final = 0xFFFF
SEVERAL_ZONES: Final = 0xFF
NO_BATTERY: Final = 0xFF

_FEATURES: Final = Struct("<BBIHHHBB")
_STATE: Final = Struct("<BBIIIHBBH")
_LIVE: Final = Struct("<BBHHHHHhHHBB")


@dataclass(frozen=True, slots=True, kw_only=True)
class Units:
    """How many units of the wire make one mW/cm² or W of level, and one J/cm² or J of dose."""

    level: int
    live_dose: int
    record_dose: int
    dose_code: int


UNITS: Final = {
    Modality.LED: Units(level=10, live_dose=100, record_dose=1000, dose_code=0),
    Modality.RF: Units(level=100, live_dose=1, record_dose=1, dose_code=1),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """What the device can do, in 14 bytes."""

    features: frozenset[Feature]
    max_records: int
    modality: Modality
    zones: frozenset[Zone]
    program_count: int
    prescription_slots: int

    def encode(self) -> bytes:
        """Version 1.0 of the profile first."""
        return _FEATURES.pack(
            1,
            0,
            bits(self.features),
            self.max_records,
            bits((self.modality,)),
            bits(self.zones),
            self.program_count,
            self.prescription_slots,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StateReport:
    """What the device is doing and which records it holds, in 20 bytes.

    `lockout` is 0 or a result from 0x10 to 0x1D; `newest` and `oldest` are 0 without records. `lockout_s` says in
    seconds what `lockout_minutes` says, if anybody knows; its passing alone makes no other report.
    """

    state: State
    lockout: int
    newest: int
    oldest: int
    timeline: int
    lockout_minutes: int
    faults: frozenset[Fault]
    battery_percent: int
    sessions_left: int = NO_LIMIT
    lockout_s: int | None = field(default=None, compare=False)

    def encode(self) -> bytes:
        """Only the faults 0 to 7 fit."""
        return _STATE.pack(
            self.state,
            self.lockout,
            self.newest,
            self.oldest,
            self.timeline,
            self.lockout_minutes,
            bits(self.faults) & 0xFF,
            self.battery_percent,
            self.sessions_left,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """One second of a session, in 20 bytes. Level and dose in the unit of the modality (`Units`).

    `sequence` and `counter` are whole; the wire takes the low 16 bits. `flags` has the bits of `LiveFlag`.
    """

    state: State
    zone: Zone | None
    sequence: int
    counter: int
    active_s: int
    remaining_s: int
    level: float
    skin_celsius: float | None
    dose: float
    impedance_ohm: float | None
    battery_percent: int | None
    flags: int

    @classmethod
    def decode(cls, frame: bytes, units: Units) -> Self:
        """What a frame says to whoever reads it: rounded to its units, `sequence` and `counter` cut to 16 bits."""
        state, zone, sequence, counter, active_s, remaining_s, level, celsius, dose, ohm, battery, flags = _LIVE.unpack(
            frame
        )
        return cls(
            state=State(state),
            zone=None if zone == SEVERAL_ZONES else Zone(zone),
            sequence=sequence,
            counter=counter,
            active_s=active_s,
            remaining_s=remaining_s,
            level=level / units.level,
            skin_celsius=None if celsius == NO_TEMPERATURE else celsius / 100,
            dose=dose / units.live_dose,
            impedance_ohm=None if ohm == NO_IMPEDANCE else ohm,
            battery_percent=None if battery == NO_BATTERY else battery,
            flags=flags,
        )

    def encode(self, units: Units) -> bytes:
        """The frame of a device of these units."""
        return _LIVE.pack(
            self.state,
            SEVERAL_ZONES if self.zone is None else self.zone,
            self.sequence & 0xFFFF,
            self.counter & 0xFFFF,
            self.active_s,
            self.remaining_s,
            round(self.level * units.level),
            hundredths(self.skin_celsius),
            round(self.dose * units.live_dose),
            ohms(self.impedance_ohm),
            NO_BATTERY if self.battery_percent is None else self.battery_percent,
            self.flags,
        )


def hundredths(celsius: float | None) -> int:
    """A temperature in 0.01 °C."""
    return NO_TEMPERATURE if celsius is None else round(celsius * 100)


def ohms(impedance_ohm: float | None) -> int:
    """An impedance; open contacts read as not available."""
    return NO_IMPEDANCE if impedance_ohm is None else min(round(impedance_ohm), NO_IMPEDANCE - 1)
