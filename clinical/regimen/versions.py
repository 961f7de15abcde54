"""A version of a regimen: a prescription that agrees with itself, and never changes."""

from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Self

from clinical.errors import RegimenRefused
from clinical.regimen.checks import reasons_against
from clinical.regimen.prescription import OVER_DOSE, STANDING_LIMITS, Limits, Prescription
from vocabulary.identity import RegimenId
from vocabulary.quantities import Quantity


@dataclass(frozen=True, kw_only=True)
class Regimen(Prescription):
    """One version of a prescription. Raises RegimenRefused, with every reason at once."""

    id: RegimenId
    version: int

    @classmethod
    def of(cls, prescription: Prescription, regimen: RegimenId, version: int) -> Self:
        """A prescription as a version of a regimen. Raises RegimenRefused."""
        said = {one.name: getattr(prescription, one.name) for one in fields(Prescription)}
        return cls(id=regimen, version=version, **said)

    def __post_init__(self) -> None:
        reasons = ({"version": "versions count from 1"} if self.version < 1 else {}) | reasons_against(self)
        if reasons:
            raise RegimenRefused(reasons)

    @cached_property
    def strongest_dose(self) -> Quantity:
        """The highest dose of a session in any phase."""
        return max((phase.dose for phase in self.phases), key=lambda dose: dose.value)

    def held_to(self, planned: Quantity) -> Limits:
        """The limits of a session of a planned dose; where none is set what holds all the same: heat burns."""
        set_here, skin = self.limits, self.limits.skin_celsius
        if set_here.dose is not None and skin is not None:
            return set_here
        return replace(
            set_here,
            dose=set_here.dose or Quantity(planned.value * OVER_DOSE, planned.unit),
            skin_celsius=STANDING_LIMITS[self.modality].skin_celsius if skin is None else skin,
        )
