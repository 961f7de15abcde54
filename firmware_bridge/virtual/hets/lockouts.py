"""Why a device does not emit now: its own limits, in the words of the profile (results 0x10 to 0x1D)."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from firmware_bridge.virtual.hets.clock import SECOND
from firmware_bridge.virtual.hets.codes import NO_LIMIT, Result
from firmware_bridge.virtual.hets.products import Limits

MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What the limits are held against."""

    cool_down_left: timedelta
    skin_celsius: float
    battery_percent: int
    contact: bool


def standing(limits: Limits, now: Circumstances) -> Result | None:
    """What locks the device whoever touches it: State shows it."""
    if now.cool_down_left > timedelta(0):
        return Result.COOL_DOWN
    if now.battery_percent < limits.battery_to_start_percent:
        return Result.BATTERY
    if now.skin_celsius >= limits.restart_celsius:
        return Result.HOT
    return None


def at_start(limits: Limits, now: Circumstances) -> Result | None:
    """What refuses a start; contact counts only then, as a device that waits for skin is ready."""
    missing = Result.CONTACT if limits.contact_to_start and not now.contact else None
    return standing(limits, now) or missing


def answer_parameters(lockout: Result, now: Circumstances) -> bytes:
    """What a refusal carries: the seconds left of a cool-down, u32."""
    left_s = seconds_left(lockout, now)
    return b"" if left_s is None else left_s.to_bytes(4, "little")


def seconds_left(lockout: Result | None, now: Circumstances) -> int | None:
    """Seconds begun of a cool-down; None without one, as nobody knows how long the other lock-outs last."""
    return whole(now.cool_down_left, SECOND) if lockout is Result.COOL_DOWN else None


def minutes_left(lockout: Result | None, now: Circumstances) -> int:
    """What State says of the wait; nobody knows how long the other lock-outs last."""
    if lockout is None:
        return 0
    return min(whole(now.cool_down_left, MINUTE), NO_LIMIT - 1) if lockout is Result.COOL_DOWN else NO_LIMIT


def whole(span: timedelta, unit: timedelta) -> int:
    """Units begun."""
    return -(-span // unit)
