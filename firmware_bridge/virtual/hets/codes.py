"""The numbers of HETS 1.0, as its text gives them."""

from collections.abc import Iterable
from enum import Enum, IntEnum
from typing import Final

NO_LIMIT: Final = 0xFFFF
"""Minutes or sessions left when nothing limits them."""


class Characteristic(Enum):
    """Where a value lives; the value is the UUID."""

    FEATURES = "e7a00002-6f1c-4b0e-9d5a-3c8f1d2a7b40"
    STATE = "e7a00003-6f1c-4b0e-9d5a-3c8f1d2a7b40"
    LIVE = "e7a00004-6f1c-4b0e-9d5a-3c8f1d2a7b40"
    RECORD = "e7a00005-6f1c-4b0e-9d5a-3c8f1d2a7b40"
    CONTROL = "e7a00006-6f1c-4b0e-9d5a-3c8f1d2a7b40"
    RACP = "2A52"
    ELAPSED_TIME = "2BF2"


class State(IntEnum):
    """What the device is doing."""

    OFF = 0
    READY = 1
    EMITTING = 2
    LOCKED = 3
    FAULT = 4
    UPDATE = 5


class Modality(IntEnum):
    """The energy it emits; also the bit number in Features."""

    LED = 0
    RF = 1
    EMS = 2


class Zone(IntEnum):
    """Bit numbers of the zones."""

    FOREHEAD = 0
    PERIORBITAL_LEFT = 1
    PERIORBITAL_RIGHT = 2
    CHEEK_LEFT = 3
    CHEEK_RIGHT = 4
    NOSE = 5
    PERIORAL = 6
    CHIN = 7
    JAW_LEFT = 8
    JAW_RIGHT = 9
    NECK = 10
    DECOLLETE = 11
    WHOLE_FACE = 12


class Feature(IntEnum):
    """Bit numbers of what the device declares."""

    RECORDS = 0
    LIVE = 1
    START = 2
    PAUSE = 3
    PRESCRIPTION = 4
    ZONES = 5
    SKIN_TEMPERATURE = 6
    CONTACT = 7
    IMPEDANCE = 8
    MOTION = 9
    EYE_SHIELD = 10
    REAL_TIME_CLOCK = 11
    IRRADIANCE_SENSOR = 12
    UPDATE = 13
    IDENTIFY = 14


class Fault(IntEnum):
    """Bit numbers of the faults; State carries the low eight."""

    OVER_TEMPERATURE = 0
    TEMPERATURE_SENSOR = 1
    EMITTER_OPEN = 2
    EMITTER_OVER_CURRENT = 3
    BATTERY = 4
    RECORD_MEMORY = 5
    CLOCK_LOST = 6
    CONTACT_LOST = 7
    EYE_SHIELD = 8
    IMPEDANCE = 9
    SELF_TEST = 10


class LiveFlag(IntEnum):
    """Bit numbers of the last byte of Live."""

    CONTACT = 0
    MOVING = 1
    EYE_SHIELD = 2
    CHARGING = 3
    PAUSED = 4
    TRIP = 5
    LEVEL_MEASURED = 6
    DOSE_ESTIMATED = 7


class RecordFlag(IntEnum):
    """Bit numbers of a record's flags."""

    UTC = 0
    SYNCED = 1
    ABORTED = 2
    FAULT = 3
    ENFORCED = 4
    DOSE_ESTIMATED = 5
    CONTINUED = 6
    TEST = 7


class TimeFlag(IntEnum):
    """Bit numbers of the Elapsed Time flags; bits 2 and 3 are the resolution, 0 for one second."""

    TICK = 0
    UTC = 1
    ZONE_USED = 4
    CURRENT_TIMELINE = 5


class TimeSource(IntEnum):
    """Where the time comes from."""

    UNKNOWN = 0
    NETWORK = 1
    SATELLITE = 2
    RADIO = 3
    MANUAL = 4
    ATOMIC = 5
    CELLULAR = 6
    NOT_SYNCHRONISED = 7


class EndReason(IntEnum):
    """Why a session ended."""

    DONE = 0
    USER = 1
    REMOTE = 2
    FAULT = 3
    OVER_TEMPERATURE = 4
    LIMIT = 5
    CONTACT = 6
    POWER_LOST = 7
    BATTERY = 8


class Operation(IntEnum):
    """First byte of a write to Control."""

    START = 0x10
    STOP = 0x11
    PAUSE = 0x12
    RESUME = 0x13
    NONCE = 0x22
    ACKNOWLEDGE = 0x30
    IDENTIFY = 0x31
    MAINTENANCE = 0x40
    SELF_TEST = 0x50


class Result(IntEnum):
    """What became of a request. 0x10 to 0x1D are also the lock-outs of State."""

    OK = 0x01
    UNSUPPORTED = 0x02
    OPERAND = 0x03
    FAILED = 0x04
    RANGE = 0x05
    COOL_DOWN = 0x10
    HOT = 0x19
    CONTACT = 0x1A
    BATTERY = 0x1B
    CONFIRM = 0x30
    ACTIVE = 0x31


def bits(numbers: Iterable[int]) -> int:
    """The integer with the bits of these numbers set."""
    return sum(1 << number for number in set(numbers))
