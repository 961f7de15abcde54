"""What a device is and the words for what it does (device profile 1.0)."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from vocabulary.identity import DeviceUid


class Modality(StrEnum):
    """The energy a device emits."""

    LED = "led"
    RF = "rf"
    EMS = "ems"


class DeviceState(StrEnum):
    """What a device is doing."""

    OFF = "off"
    READY = "ready"
    EMITTING = "emitting"
    LOCKED = "locked"
    FAULT = "fault"
    UPDATE = "update"


class Zone(StrEnum):
    """A part of the face that is treated."""

    FOREHEAD = "forehead"
    PERIORBITAL_LEFT = "periorbital left"
    PERIORBITAL_RIGHT = "periorbital right"
    CHEEK_LEFT = "cheek left"
    CHEEK_RIGHT = "cheek right"
    NOSE = "nose"
    PERIORAL = "perioral"
    CHIN = "chin"
    JAW_LEFT = "jaw left"
    JAW_RIGHT = "jaw right"
    NECK = "neck"
    DECOLLETE = "décolleté"
    WHOLE_FACE = "whole face"


class Lockout(StrEnum):
    """Why a device refuses to emit."""

    COOL_DOWN = "cool-down"
    DAY = "day"
    WEEK = "week"
    USED_UP = "used up"
    DOSE = "dose"
    EXPIRED = "expired"
    EARLY = "early"
    NO_PRESCRIPTION = "no prescription"
    NOT_ALLOWED = "not allowed"
    HOT = "hot"
    CONTACT = "contact"
    BATTERY = "battery"
    CLOCK = "clock"
    RECALLED = "recalled"


class Fault(StrEnum):
    """What a device reports to be wrong with itself."""

    OVER_TEMPERATURE = "over-temperature"
    TEMPERATURE_SENSOR = "temperature sensor"
    EMITTER_OPEN = "emitter open"
    EMITTER_OVER_CURRENT = "emitter over-current"
    BATTERY = "battery"
    RECORD_MEMORY = "record memory"
    CLOCK_LOST = "clock lost"
    CONTACT_LOST = "contact lost while emitting"
    EYE_SHIELD = "eye shield"
    IMPEDANCE = "impedance"
    SELF_TEST = "self-test"


class Feature(StrEnum):
    """What a device says it can do."""

    RECORDS = "records"
    LIVE = "live"
    START = "start after a press"
    PAUSE = "pause"
    PRESCRIPTION = "prescription"
    ZONES = "zones"
    SKIN_TEMPERATURE = "skin temperature"
    CONTACT = "contact"
    IMPEDANCE = "impedance"
    MOTION = "motion"
    EYE_SHIELD = "eye shield"
    REAL_TIME_CLOCK = "real-time clock"
    IRRADIANCE_SENSOR = "irradiance sensor"
    UPDATE = "update over SMP"
    IDENTIFY = "identify"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceDescription:
    """What a device says it is; texts are its own words, at most 40 characters each.

    `epoch`: of the gateway's numbering where the device numbers no sessions itself (16 hex digits); None where it does.
    """

    device: DeviceUid
    family: str
    modality: Modality
    model: str
    serial: str
    firmware: str
    features: tuple[Feature, ...]
    epoch: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """The state a device reports of itself: where it is, and which records it holds.

    `newest` and `oldest` are session counters of its records, 0 when it has none. `lockout_left` and
    `sessions_left` are None for "no limit".
    """

    state: DeviceState
    lockout: Lockout | None
    lockout_left: timedelta | None
    newest: int
    oldest: int
    timeline: int
    faults: tuple[Fault, ...]
    battery_percent: int | None
    sessions_left: int | None
