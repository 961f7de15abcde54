"""What a panel tells of itself: its countdown, and the brightness of its channels."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from device_drivers.layout import U8, U16, Field, Layout, one_of, whole

CHANNELS: Final = 5
"""Which channel has which wavelength is not known."""

_STATUS: Final = Layout(
    "status",
    Field("on", U8, one_of({0: False, 1: True})),
    Field("initial_s", U16),
    Field("remaining_s", U16),
    byteorder="big",
)

_BRIGHTNESS: Final = Layout(
    "brightness",
    *(Field(f"channel_{number}_percent", U8, whole(0, 100)) for number in range(1, CHANNELS + 1)),
    Field("unknown", U16),
    byteorder="big",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Whether a panel is on, from what its countdown began, and what is left of it; that stands while it is off."""

    on: bool
    initial: timedelta
    remaining: timedelta


def read_status(payload: bytes) -> Status:
    """Decode the payload of a reply to STATUS. Raises FrameRefused."""
    values = _STATUS.decode(payload)
    initial, remaining = (timedelta(seconds=values[name]) for name in ("initial_s", "remaining_s"))
    return Status(on=values["on"], initial=initial, remaining=remaining)


def read_brightness(payload: bytes) -> tuple[int, ...]:
    """Decode the payload of a reply to BRIGHTNESS: percent of channels 1 to 5. Raises FrameRefused."""
    values = _BRIGHTNESS.decode(payload)
    return tuple(values[f"channel_{number}_percent"] for number in range(1, CHANNELS + 1))
