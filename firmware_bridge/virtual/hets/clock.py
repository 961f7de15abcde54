"""The device's clock: ticks of one second on a timeline, and UTC once somebody has set it (Elapsed Time 0x183F).

A timeline is stored before its first tick and rises at every lost tick and every UTC write, so no two instants
of a device read alike.
"""

from dataclasses import dataclass
from datetime import timedelta
from struct import Struct
from typing import Final

from firmware_bridge.virtual.errors import RefusedWriteError
from firmware_bridge.virtual.hets.codes import TimeFlag, TimeSource, bits
from firmware_bridge.virtual.hets.records import Stamp

SECOND: Final = timedelta(seconds=1)

_READ: Final = Struct("<B6sBbBB")
_WRITE: Final = Struct("<B6sBb")
_NEEDS_TO_BE_SET: Final = 1
_RESOLUTION: Final = 0b1100
_INVALID_LENGTH: Final = 0x0D
_OUT_OF_RANGE: Final = 0xFF
INCORRECT_TIME_FORMAT: Final = 0x81
"""An application error of the Elapsed Time Service 1.0, section 2.4."""

_LATEST: Final = 1 << 40
"""Seconds since 2000: far beyond any device, and still room to count on in 48 bits."""


@dataclass(frozen=True, slots=True)
class Tick:
    """An instant by the device's ticks of one second since its timeline began."""

    timeline: int
    seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What a write of the time set: UTC seconds since 2000 at one moment of the device's life."""

    at: timedelta
    utc_seconds: int
    zone_quarters: int | None
    source: int


@dataclass(slots=True, kw_only=True)
class DeviceClock:
    """The volatile half of timekeeping: it starts anew, unset, with every timeline that power begins."""

    began: timedelta
    timeline: int
    settable: bool
    setting: Setting | None = None

    def tick(self, now: timedelta) -> Tick:
        """The instant `now` in ticks, whether or not the clock is set."""
        return Tick(self.timeline, (now - self.began) // SECOND)

    def stamp(self, now: timedelta) -> Stamp:
        """The instant `now`, as this device would write it down."""
        if self.setting is None:
            return Stamp(
                seconds=self.tick(now).seconds,
                timeline=self.timeline,
                utc=False,
                zone_quarters=None,
                source=TimeSource.NOT_SYNCHRONISED,
            )
        return Stamp(
            seconds=self.setting.utc_seconds + (now - self.setting.at) // SECOND,
            timeline=self.timeline,
            utc=True,
            zone_quarters=self.setting.zone_quarters,
            source=self.setting.source,
        )

    def read(self, now: timedelta) -> bytes:
        """Current Elapsed Time, 11 bytes. A clock that can be set and is not says so in its status."""
        stamp = self.stamp(now)
        return _READ.pack(
            stamp.flags | bits((TimeFlag.CURRENT_TIMELINE,)),
            stamp.seconds.to_bytes(6, "little"),
            stamp.source,
            stamp.zone_quarters or 0,
            _NEEDS_TO_BE_SET if self.settable and self.setting is None else 0,
            0,
        )

    def set(self, setting: Setting, timeline: int) -> None:
        """Go by UTC from now on, on a timeline of its own."""
        self.setting, self.timeline, self.began = setting, timeline, setting.at


def setting_from(value: bytes, now: timedelta) -> Setting:
    """Read a write of Current Elapsed Time: 9 bytes, UTC in whole seconds. Raises RefusedWriteError."""
    if len(value) != _WRITE.size:
        raise RefusedWriteError(_INVALID_LENGTH, f"the time takes {_WRITE.size} bytes, not {len(value)}")
    flags, seconds, source, zone_quarters = _WRITE.unpack(value)
    if not flags >> TimeFlag.UTC & 1 or flags >> TimeFlag.TICK & 1 or flags & _RESOLUTION:
        raise RefusedWriteError(INCORRECT_TIME_FORMAT, "this clock takes UTC in whole seconds")
    utc_seconds = int.from_bytes(seconds, "little")
    if utc_seconds > _LATEST:
        raise RefusedWriteError(_OUT_OF_RANGE, f"{utc_seconds} s after 2000 is no time that a device can live to see")
    return Setting(
        at=now,
        utc_seconds=utc_seconds,
        zone_quarters=zone_quarters if flags >> TimeFlag.ZONE_USED & 1 else None,
        source=source,
    )
