"""What a driver reads from a device's bytes: readings while it emits, and the record of a session."""

from dataclasses import dataclass
from datetime import timedelta
from enum import IntFlag, StrEnum

from vocabulary.devices import DeviceState, Fault, Modality, Zone
from vocabulary.instants import DeviceInstant


class Sign(IntFlag):
    """What is so, or not, at one sample. A device without the sensor never sets the bit."""

    CONTACT = 1
    MOVING = 2
    EYE_SHIELD = 4
    CHARGING = 8
    PAUSED = 16
    TRIP = 32
    LEVEL_MEASURED = 64
    DOSE_ESTIMATED = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """The quantities of one sample, each in its one unit; None where the device gives none.

    A LED device gives irradiance and fluence, an RF device power and energy.
    """

    active_s: int
    remaining_s: int
    signs: Sign
    irradiance_mw_per_cm2: float | None = None
    fluence_j_per_cm2: float | None = None
    rf_power_w: float | None = None
    rf_energy_j: float | None = None
    skin_celsius: float | None = None
    impedance_ohm: float | None = None
    battery_percent: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One live frame, decoded. `sequence_low` and `counter_low` are the low 16 bits of sample number and counter.

    `counter`: the whole of it, from a device that gives it.
    """

    state: DeviceState
    zone: Zone | None
    sequence_low: int
    counter_low: int
    measurement: Measurement
    counter: int | None = None


class EndReason(StrEnum):
    """Why a session ended."""

    DONE = "done"
    USER = "user"
    REMOTE = "remote"
    FAULT = "fault"
    OVER_TEMPERATURE = "over-temperature"
    LIMIT = "limit"
    CONTACT = "contact"
    POWER_LOST = "power lost"
    BATTERY = "battery"
    UNKNOWN = "unknown"


class RecordFlag(StrEnum):
    """What a record says of its session as a whole."""

    UTC = "UTC"
    SYNCED = "synced in session"
    ABORTED = "aborted"
    FAULT = "fault"
    ENFORCED = "prescription enforced"
    DOSE_ESTIMATED = "dose estimated"
    CONTINUED = "continues the session before it"
    TEST = "test"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRecord:
    """A device's own account of one session.

    `content` is the SHA-256 of the bytes that two reads of one record share: the same counter with another
    content is a conflict. `previous_crc` and `crc` chain the records of a device.
    """

    counter: int
    content: bytes
    crc: int
    previous_crc: int
    flags: tuple[RecordFlag, ...]
    timeline: int
    start: DeviceInstant
    modality: Modality
    program: int
    zones: tuple[Zone, ...]
    planned: timedelta
    active: timedelta
    elapsed: timedelta
    end_reason: EndReason
    pauses: int
    fluence_j_per_cm2: float | None
    rf_energy_j: float | None
    peak_irradiance_mw_per_cm2: float | None
    peak_rf_power_w: float | None
    highest_skin_celsius: float | None
    impedance_ohm: float | None
    prescription: str | None
    firmware: str
    faults: tuple[Fault, ...]
