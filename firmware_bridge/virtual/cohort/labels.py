"""What is done to the people of the cohort, in physical terms; no rule and no limit is named here."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from vocabulary.devices import Modality
from vocabulary.identity import DeviceUid, SessionId
from vocabulary.quantities import Quantity


class Done(StrEnum):
    """What was done to a person or to their device."""

    OVERHEATED_HEAD = "overheated head"
    WENT_ON_AFTER_TRIP = "went on after a trip"
    UNPRESCRIBED = "used without a prescription"
    USED_ON_HOLD = "used while on hold"
    DOUBLE_SESSION = "double session"
    SHORT_REST = "short rest"
    CROSSED_ZONES = "crossed time zones"
    OVER_LONG = "over-long session"
    WRONG_PROGRAM = "wrong programme"
    STOPPED_EARLY = "stopped a session early"
    GAVE_UP = "gave up"
    FADED = "use faded"
    FORGOTTEN_WEEK = "forgotten week"
    LIGHT_AFTER_HEAT = "light after heat"
    BORROWED = "borrowed device"
    ON_THE_TABLE = "emitted on a table"
    DRY_GEL = "gel dried"
    WORN_TIP = "worn tip"
    NO_EYE_SHIELD = "no eye shield"
    CLOCK_LOST = "clock lost"
    CLOCK_TAMPERED = "clock tampered"
    RECALLED_FIRMWARE = "recalled firmware"
    OUTPUT_DRIFT = "output drift"
    CLONED_SERIAL = "cloned serial"
    POWER_LOST = "power lost"
    GATEWAY_OFFLINE = "gateway offline"
    OTHER_DAYS = "on other days"
    OTHER_LEVEL = "another level"
    UNFIT_SKIN = "skin that was not meant"
    MUCH_IN_A_DAY = "much in a day"
    LIMITS_LATE = "limits taken late"


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """One thing that was done, as it truly was: `value` is the physical figure that went astray, for `lasted`.

    `session` and `device` are None where it is of neither. `seen` is the longest unbroken part of it whose samples
    reached the store, None where it is not shown by samples; `recorded`: the device's account of it is there.
    """

    kind: Done
    modality: Modality | None
    session: SessionId | None
    device: DeviceUid | None
    at: datetime
    until: datetime
    value: Quantity | None
    lasted: timedelta | None
    seen: timedelta | None
    recorded: bool
