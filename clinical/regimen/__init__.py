"""Regimens: what a physician prescribes, the checks it must pass, and the life of its versions."""

from clinical.regimen.prescription import (
    DOSE_UNITS,
    NO_LIMITS,
    OVER_DOSE,
    STANDING_LIMITS,
    Light,
    Limits,
    Phototype,
    Phototypes,
    Prescription,
    Programme,
)
from clinical.regimen.versions import Regimen

__all__ = [
    "DOSE_UNITS",
    "NO_LIMITS",
    "OVER_DOSE",
    "STANDING_LIMITS",
    "Light",
    "Limits",
    "Phototype",
    "Phototypes",
    "Prescription",
    "Programme",
    "Regimen",
]
