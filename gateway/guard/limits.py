"""The limits that the guard holds a session to: what the service sent, and what holds where it sent none."""

from dataclasses import replace
from datetime import timedelta

from clinical.regimen import DOSE_UNITS, STANDING_LIMITS, Limits
from vocabulary.devices import Modality
from vocabulary.quantities import Quantity
from vocabulary.wire.orders import GuardLimits


def limits_of(sent: GuardLimits | None, modality: Modality) -> Limits:
    """The limits for a device of this modality.

    Heat burns whatever was sent; a dose in the unit of another modality says nothing of this one.
    """
    standing = STANDING_LIMITS[modality]
    if sent is None:
        return standing
    return replace(
        standing,
        duration=None if sent.duration_s is None else timedelta(seconds=sent.duration_s),
        dose=_dose(sent, modality),
        skin_celsius=standing.skin_celsius if sent.skin_celsius is None else sent.skin_celsius,
        skin_grace=timedelta(seconds=sent.skin_grace_s),
        contact_grace=timedelta(seconds=sent.contact_grace_s),
    )


def _dose(sent: GuardLimits, modality: Modality) -> Quantity | None:
    if sent.dose is None or sent.dose_unit is None or sent.dose_unit is not DOSE_UNITS.get(modality):
        return None
    return Quantity(sent.dose, sent.dose_unit)
