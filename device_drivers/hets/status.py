"""What a HETS device says of itself: Features, State, Elapsed Time (device profile, BLE)."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from device_drivers.errors import FrameRefused
from device_drivers.hets.codes import EPOCH, FAULTS, FEATURES, LOCKOUTS, MODALITIES, NOT_SYNCHRONISED, STATES, ZONES
from device_drivers.layout import I8, U8, U16, U32, U48, Field, Layout, bits, one_of, whole
from vocabulary.devices import Feature, Mark, Modality, Zone
from vocabulary.identity import DeviceUid, device_uid
from vocabulary.instants import DeviceInstant, DeviceUtc, Tick
from vocabulary.wire.limits import DURATION_S

_NO_LIMIT: Final = 0xFFFF
RESOLUTIONS: Final = tuple(timedelta(microseconds=us) for us in (1_000_000, 100_000, 1_000, 100))

_FEATURES: Final = Layout(
    "features",
    Field("major", U8, whole(1, 1)),
    Field("minor", U8),
    Field("features", U32, bits(FEATURES)),
    Field("max_records", U16),
    Field("modalities", U16, bits(MODALITIES)),
    Field("zones", U16, bits(ZONES)),
    Field("programs", U8),
    Field("prescription_slots", U8),
)

_STATE: Final = Layout(
    "state",
    Field("state", U8, one_of(STATES)),
    Field("lockout", U8, one_of(LOCKOUTS)),
    Field("newest", U32),
    Field("oldest", U32),
    Field("timeline", U32),
    Field("lockout_minutes", U16, whole(0, 0xFFFE, absent=_NO_LIMIT)),
    Field("faults", U8, bits(FAULTS[:8])),
    Field("battery_percent", U8, whole(0, 100, absent=0xFF)),
    Field("sessions_left", U16, whole(0, 0xFFFE, absent=_NO_LIMIT)),
)

_ELAPSED_TIME: Final = Layout(
    "elapsed time",
    Field("flags", U8),
    Field("value", U48),
    Field("source", U8),
    Field("offset", I8),
    Field("status", U8),
    Field("capabilities", U8),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What Features says: the profile's minor version, and what the device has."""

    minor: int
    features: tuple[Feature, ...]
    max_records: int
    modality: Modality
    zones: tuple[Zone, ...]
    programs: int
    prescription_slots: int


def read_features(frame: bytes) -> Capabilities:
    """Decode Features. Raises FrameRefused, also for a device of none or several modalities."""
    values = _FEATURES.decode(frame)
    modalities: tuple[Modality, ...] = values.pop("modalities")
    if len(modalities) != 1:
        raise FrameRefused("features", "modalities", f"{len(modalities)} bits are set, expected exactly one")
    del values["major"]
    return Capabilities(modality=modalities[0], **values)


def read_state(frame: bytes) -> Mark:
    """Decode State. Raises FrameRefused."""
    values = _STATE.decode(frame)
    minutes: int | None = values.pop("lockout_minutes")
    if values["oldest"] > values["newest"]:
        raise FrameRefused("state", "oldest", f"{values['oldest']} is newer than the newest, {values['newest']}")
    return Mark(lockout_left=None if minutes is None else timedelta(minutes=minutes), **values)


def read_system_id(frame: bytes) -> DeviceUid:
    """The device uid out of System ID, which comes least significant octet first. Raises FrameRefused."""
    if len(frame) != 8:
        raise FrameRefused("system id", "length", f"{len(frame)} bytes, expected 8")
    return device_uid(frame[::-1].hex())


def read_elapsed_time(frame: bytes, timeline: int) -> DeviceInstant:
    """The device's own time now; a tick belongs to the timeline that State gives. Raises FrameRefused."""
    values = _ELAPSED_TIME.decode(frame)
    return instant("elapsed time", values, timeline)


def instant(layout: str, values: dict[str, Any], timeline: int) -> DeviceInstant:
    """Read a time value by its flags (b0 tick, b1 UTC, b2-3 resolution). Raises FrameRefused."""
    flags: int = values["flags"]
    elapsed = _elapsed(layout, values["value"], RESOLUTIONS[flags >> 2 & 3])
    match flags & 3:
        case 1:
            return Tick(timeline=timeline, since_start=elapsed)
        case 2:
            return DeviceUtc(at=EPOCH + elapsed, synchronised=values["source"] != NOT_SYNCHRONISED)
        case _:
            raise FrameRefused(layout, "flags", f"{flags:#04x} says neither tick nor UTC, or both")


def _elapsed(layout: str, value: int, resolution: timedelta) -> timedelta:
    if value > timedelta(seconds=DURATION_S) / resolution:
        raise FrameRefused(layout, "value", f"{value} steps of {resolution.total_seconds():g} s are over a century")
    return value * resolution
