"""Light by band: calibrated irradiance times the time it shone, each band for itself."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from math import fsum
from typing import Final

from clinical.course import Between
from vocabulary.light import Band, BandOutput

MILLI: Final = 1000
"""mJ in a J."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BandDose:
    """What a session delivered in one band, J/cm², and who measured the irradiance that it rests on."""

    band: Band
    fluence: Between
    sources: tuple[str, ...]


def fluence_j_per_cm2(irradiance_mw_per_cm2: float, emitted: timedelta) -> float:
    """Radiant exposure: irradiance times time. Of pulsed light the irradiance is the mean, peak times duty cycle."""
    return irradiance_mw_per_cm2 * emitted.total_seconds() / MILLI


def band_doses(outputs: Iterable[BandOutput], program: int | None, emitted: timedelta) -> tuple[BandDose, ...]:
    """The dose of a session in each band of its programme; empty where nobody has measured that.

    Wavelengths within a band add up, and so do their doubts: one instrument measured them. Bands never do.
    """
    shone: dict[Band, list[BandOutput]] = {}
    for output in outputs:
        if output.program == program:
            shone.setdefault(output.band, []).append(output)
    return tuple(_dose(band, shone[band], emitted) for band in Band if band in shone)


def _dose(band: Band, outputs: list[BandOutput], emitted: timedelta) -> BandDose:
    doses = [(fluence_j_per_cm2(one.irradiance_mw_per_cm2, emitted), one.uncertainty_fraction) for one in outputs]
    return BandDose(
        band=band,
        fluence=Between(
            low=max(0.0, fsum([dose * (1 - doubt) for dose, doubt in doses])),
            high=fsum([dose * (1 + doubt) for dose, doubt in doses]),
        ),
        sources=tuple(sorted({one.source for one in outputs})),
    )
