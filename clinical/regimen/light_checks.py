"""Checks of programmes and their light, and of the time that a dose takes in it."""

from collections.abc import Iterator
from math import isfinite
from typing import Final

from clinical.regimen.prescription import Light, Prescription, Programme
from vocabulary.devices import Modality
from vocabulary.light import Band
from vocabulary.quantities import Unit

Reasons = Iterator[tuple[str, str]]

WAVELENGTHS_NM: Final = {
    Band.BLUE: (400, 500),
    Band.AMBER: (560, 620),
    Band.RED: (600, 700),
    Band.NEAR_INFRARED: (700, 1400),
}
"""Peaks that go by the name of a band; amber and red overlap, as makers use the words."""

HIGHEST_NUMBER: Final = 255
HIGHEST_IRRADIANCE: Final = 1000.0
TOLERANCE: Final = 0.01
"""Of a dose: what rounding alone may take away."""


def programmes(wanted: Prescription) -> Reasons:
    """Each programme once, with light that its band and the modality allow."""
    numbers = [one.number for one in wanted.programmes]
    for place, one in enumerate(wanted.programmes):
        path = f"programmes.{place}"
        if not 0 <= one.number <= HIGHEST_NUMBER:
            yield f"{path}.number", f"expected 0 to {HIGHEST_NUMBER}"
        if numbers.index(one.number) < place:
            yield f"{path}.number", "this programme is named already"
        if one.light and wanted.modality is not Modality.LED:
            yield f"{path}.light", f"{wanted.modality} gives no light"
        for index, light in enumerate(one.light):
            yield from ((f"{path}.light.{index}.{field}", reason) for field, reason in _light(light))


def _light(light: Light) -> Reasons:
    low, high = WAVELENGTHS_NM[light.band]
    if not low <= light.wavelength_nm <= high:
        yield "wavelength_nm", f"{light.band} is {low} to {high} nm"
    irradiance = light.irradiance_mw_per_cm2
    if irradiance is not None and not 0 < irradiance <= HIGHEST_IRRADIANCE:
        yield "irradiance_mw_per_cm2", f"expected more than 0 and up to {HIGHEST_IRRADIANCE:g}"


def back_up_time(wanted: Prescription) -> Reasons:
    """The dose can be delivered in the time prescribed for it, and before the back-up time ends the session."""
    most = max((known for one in wanted.programmes if (known := irradiance(one))), default=None)
    if most is None or any(irradiance(one) is None for one in wanted.programmes):
        return
    for number, phase in enumerate(wanted.phases):
        dose = phase.dose
        if dose.unit is not Unit.JOULE_PER_CM2 or not isfinite(dose.value) or dose.value <= 0:
            continue
        needed_s = dose.value * 1000 / most
        takes = f"{dose.value:g} {dose.unit} take {needed_s:.0f} s at {most:g} mW/cm2"
        if phase.duration.total_seconds() < needed_s * (1 - TOLERANCE):
            yield f"phases.{number}.duration_s", takes
        longest = wanted.limits.duration
        if longest is not None and longest.total_seconds() < needed_s * (1 - TOLERANCE):
            yield "limits.duration_s", f"{takes} in phase {number + 1}"


def irradiance(programme: Programme) -> float | None:
    """What a programme puts out in all its bands, mW/cm²; None where that of a light is not known, or it has none."""
    known = [one.irradiance_mw_per_cm2 for one in programme.light if one.irradiance_mw_per_cm2 is not None]
    whole = len(known) == len(programme.light) and all(0 < one <= HIGHEST_IRRADIANCE for one in known)
    return sum(known) if known and whole else None
