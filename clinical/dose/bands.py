"""Light by band: calibrated irradiance times the time it shone, each band for itself."""

from collections.abc import Iterable
from datetime import timedelta
from math import fsum
from typing import Final

from msgspec import Struct

from clinical.course import Between
from vocabulary.light import Band, BandOutput

MILLI: Final = 1000
"""mJ in a J."""


class Emission(Struct, frozen=True, kw_only=True):
    """What a programme emits in one band, mW/cm², as it was measured."""

    band: Band
    irradiance: Between

    def fluence(self, emitted: timedelta) -> Between:
        """The dose of so long a time, J/cm²."""
        low, high = self.irradiance.low, self.irradiance.high
        return Between(low=fluence_j_per_cm2(low, emitted), high=fluence_j_per_cm2(high, emitted))


def fluence_j_per_cm2(irradiance_mw_per_cm2: float, emitted: timedelta) -> float:
    """Radiant exposure: irradiance times time. Of pulsed light the irradiance is the mean, peak times duty cycle."""
    return irradiance_mw_per_cm2 * emitted.total_seconds() / MILLI


def emissions(outputs: Iterable[BandOutput], program: int | None) -> tuple[Emission, ...]:
    """What a programme emits, by band; empty where nobody has measured that.

    Wavelengths within a band add up, and so do their doubts: one instrument measured them. Bands never do.
    """
    found: dict[Band, list[BandOutput]] = {}
    for output in outputs:
        if output.program == program:
            found.setdefault(output.band, []).append(output)
    return tuple(Emission(band=band, irradiance=_irradiance(found[band])) for band in Band if band in found)


def _irradiance(outputs: Iterable[BandOutput]) -> Between:
    known = [(one.irradiance_mw_per_cm2, one.uncertainty_fraction) for one in outputs]
    low, high = fsum(mean * (1 - doubt) for mean, doubt in known), fsum(mean * (1 + doubt) for mean, doubt in known)
    return Between(low=max(0.0, low), high=high)
