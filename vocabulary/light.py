"""Light by wavelength: each band has targets, limits and dangers of its own, so doses are never blended."""

from dataclasses import dataclass
from enum import StrEnum


class Band(StrEnum):
    """A part of the spectrum that light devices treat with."""

    BLUE = "blue"
    AMBER = "amber"
    RED = "red"
    NEAR_INFRARED = "near infrared"


@dataclass(frozen=True, slots=True, kw_only=True)
class BandOutput:
    """What one programme of a device puts out in one band at the skin, as calibrated.

    `uncertainty_fraction` of the irradiance (1 standard measure of doubt is ± this part); `source` says who measured.
    """

    program: int
    band: Band
    wavelength_nm: int
    irradiance_mw_per_cm2: float
    uncertainty_fraction: float
    source: str
