"""A version of a regimen: a prescription that agrees with itself, and never changes."""

from dataclasses import dataclass, fields, replace
from datetime import timedelta
from functools import cached_property
from typing import Self

from clinical.errors import RegimenRefused
from clinical.plan import Phase
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

    @cached_property
    def held_to(self) -> Limits:
        """Its limits, and where it sets none what holds all the same: a dose was prescribed, and heat burns."""
        set_here, strongest = self.limits, self.strongest_dose
        dose, skin = set_here.dose, set_here.skin_celsius
        return replace(
            set_here,
            dose=Quantity(strongest.value * OVER_DOSE, strongest.unit) if dose is None else dose,
            skin_celsius=STANDING_LIMITS[self.modality].skin_celsius if skin is None else skin,
        )

    def dose_after(self, elapsed: timedelta) -> Quantity:
        """The dose of a session so long after the version came into force; outside its phases, of the nearest."""
        return self.phase_near(elapsed).dose

    def phase_near(self, elapsed: timedelta) -> Phase:
        """The phase that runs so long after the version came into force; outside of all, the nearest."""
        return self.phase_after(elapsed) or (self.phases[0] if elapsed < timedelta(0) else self.phases[-1])

    def phase_after(self, elapsed: timedelta) -> Phase | None:
        """The phase that runs so long after the version came into force; None before it does and after the last."""
        if elapsed < timedelta(0):
            return None
        for phase in self.phases:
            if phase.lasts is None or elapsed < phase.lasts:
                return phase
            elapsed -= phase.lasts
        return None
