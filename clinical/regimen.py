"""What a physician prescribes for one device of one patient, and the limits it sets."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from clinical.errors import RegimenRefused
from clinical.plan import Cap, Cem43Levels, Phase, Timing
from vocabulary.devices import Modality, Zone
from vocabulary.identity import RegimenId
from vocabulary.quantities import Quantity, Unit

DOSE_UNITS: Final = {Modality.LED: Unit.JOULE_PER_CM2, Modality.RF: Unit.JOULE}
"""In what the dose of a modality is counted; EMS carries no dose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a session must stay within; None where nothing is set.

    `rest` is the shortest time from the end of one session to the start of the next. `skin_grace` is how long the
    skin may be hotter than `skin_celsius`, `contact_grace` how long in all a session may go on without contact.
    """

    duration: timedelta | None
    dose: Quantity | None
    skin_celsius: float | None
    skin_grace: timedelta
    rest: timedelta | None
    contact_grace: timedelta


NO_LIMITS: Final = Limits(
    duration=None,
    dose=None,
    skin_celsius=None,
    skin_grace=timedelta(seconds=2),
    rest=None,
    contact_grace=timedelta(seconds=15),
)

STANDING_LIMITS: Final = {
    Modality.LED: NO_LIMITS,
    Modality.RF: replace(NO_LIMITS, skin_celsius=42.5),
    Modality.EMS: NO_LIMITS,
}
"""What holds where no regimen does. Heat burns without a prescription too: home RF devices cut off at 42 ± 0.5 °C."""


OVER_DOSE: Final = 1.1
"""Of the prescribed dose: the limit where a regimen sets none (product defaults)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Regimen:
    """One version of a prescription: how often, how long, how much. Versions never change. Raises RegimenRefused.

    Without zones any will do, without CEM43 levels nobody watches thermal dose.
    """

    id: RegimenId
    version: int
    modality: Modality
    sessions_per_week: int
    duration: timedelta
    dose: Quantity
    limits: Limits
    zones: tuple[Zone, ...] = ()
    caps: tuple[Cap, ...] = ()
    cem43: Cem43Levels | None = None

    @property
    def phases(self) -> tuple[Phase, ...]:
        """What is prescribed one after the other."""
        weekly = Timing(frequency=self.sessions_per_week, period=timedelta(days=7), weekdays=())
        return (Phase(lasts=None, timing=weekly, duration=self.duration, dose=self.dose),)

    @property
    def held_to(self) -> Limits:
        """Its limits, and where it sets none what holds all the same: a dose was prescribed, and heat burns."""
        set_here = self.limits
        dose, skin = set_here.dose, set_here.skin_celsius
        return replace(
            set_here,
            dose=Quantity(self.dose.value * OVER_DOSE, self.dose.unit) if dose is None else dose,
            skin_celsius=STANDING_LIMITS[self.modality].skin_celsius if skin is None else skin,
        )

    def __post_init__(self) -> None:
        reasons = {field: reason for field, wrong, reason in self._checks() if wrong}
        if reasons:
            raise RegimenRefused(reasons)

    def _checks(self) -> tuple[tuple[str, bool, str], ...]:
        limits, unit = self.limits, DOSE_UNITS.get(self.modality)
        dose_fits = limits.dose is None or limits.dose.unit is self.dose.unit
        return (
            ("version", self.version < 1, "versions count from 1"),
            ("sessions_per_week", not 1 <= self.sessions_per_week <= 21, "expected 1 to 21"),
            ("duration", not timedelta(0) < self.duration <= timedelta(hours=2), "expected up to 2 hours"),
            ("dose", self.dose.unit is not unit, f"{self.modality} is dosed in {unit}, not {self.dose.unit}"),
            ("dose", self.dose.value <= 0, "a dose is more than zero"),
            ("limits.dose", not dose_fits, f"expected {self.dose.unit}, as the dose"),
            (
                "limits.dose",
                dose_fits and limits.dose is not None and limits.dose.value < self.dose.value,
                f"lies below the prescribed dose of {self.dose.value:g} {self.dose.unit}",
            ),
            (
                "limits.duration",
                limits.duration is not None and limits.duration < self.duration,
                "lies below the prescribed duration",
            ),
            (
                "limits.skin_celsius",
                limits.skin_celsius is not None and not 35 <= limits.skin_celsius <= 45,
                "expected 35 to 45 °C: below, warm skin alone exceeds it; above, it burns before it stops",
            ),
            (
                "limits.rest",
                limits.rest is not None and limits.rest * self.sessions_per_week > timedelta(days=7),
                "leaves no room in a week for the prescribed sessions",
            ),
        )
