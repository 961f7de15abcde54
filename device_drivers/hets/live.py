"""Live: one frame for each second of a session (device profile, Live)."""

from typing import Final

from device_drivers.errors import FrameRefused
from device_drivers.hets.codes import STATES, ZONES
from device_drivers.layout import I16, U8, U16, Field, Layout, numbered, one_of, scaled, whole
from vocabulary.devices import Modality
from vocabulary.readings import Measurement, Reading, Sign

_HEAD: Final = (
    Field("state", U8, one_of(STATES)),
    Field("zone", U8, one_of(numbered(ZONES), absent=0xFF)),
    Field("sequence_low", U16),
    Field("counter_low", U16),
    Field("active_s", U16),
    Field("remaining_s", U16),
)
_TAIL: Final = (
    Field("impedance_ohm", U16, scaled(1, absent=0xFFFF)),
    Field("battery_percent", U8, whole(0, 100, absent=0xFF)),
    Field("signs", U8, Sign),
)
_SKIN: Final = Field("skin_celsius", I16, scaled(100, low=-60, high=200, absent=-0x8000))

LIVE: Final = {
    Modality.LED: Layout(
        "live (LED)",
        *_HEAD,
        Field("irradiance_mw_per_cm2", U16, scaled(10)),
        _SKIN,
        Field("fluence_j_per_cm2", U16, scaled(100)),
        *_TAIL,
    ),
    Modality.RF: Layout(
        "live (RF)",
        *_HEAD,
        Field("rf_power_w", U16, scaled(100)),
        _SKIN,
        Field("rf_energy_j", U16, scaled(1)),
        *_TAIL,
    ),
}
"""EMS carries no dose and has no live frame."""


def read_live(frame: bytes, modality: Modality) -> Reading:
    """Decode a live frame. Raises FrameRefused, also for a modality that has none."""
    if modality not in LIVE:
        raise FrameRefused("live", "modality", f"{modality} has no live frame")
    values = LIVE[modality].decode(frame)
    head = {name: values.pop(name) for name in ("state", "zone", "sequence_low", "counter_low")}
    return Reading(**head, measurement=Measurement(**values))
