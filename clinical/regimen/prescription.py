"""What a physician writes for one device of one patient: phases, limits and caps, before anybody checked them."""

from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import Final

from clinical.plan import Cap, Cem43Levels, Level, Phase
from vocabulary.devices import Modality, Zone
from vocabulary.light import Band
from vocabulary.quantities import Quantity, Unit

DOSE_UNITS: Final = {Modality.LED: Unit.JOULE_PER_CM2, Modality.RF: Unit.JOULE}
"""In what the dose of a modality is counted; EMS carries no dose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a session must stay within; None where nothing is set.

    `duration` is the back-up time: a session ends at its dose or at this, whichever comes first. `rest` is the shortest
    time from the end of one session to the start of the next. `skin_grace` is how long the skin may be hotter than
    `skin_celsius`, `contact_grace` how long in all a session may go on without contact.
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
"""Of the dose that its phase plans for a session: the limit where a regimen sets none (product defaults)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Light:
    """One light of a programme: its band, its peak, and its irradiance at the skin, None where it is not known."""

    band: Band
    wavelength_nm: int
    irradiance_mw_per_cm2: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Programme:
    """A programme of the device that may be used, by its number there; `light` is empty for radiofrequency."""

    number: int
    light: tuple[Light, ...]


class Phototype(StrEnum):
    """Skin by how it answers to the sun (Fitzpatrick)."""

    I = "I"  # noqa: E741 - the scale is written in Roman numerals
    II = "II"
    III = "III"
    IV = "IV"
    V = "V"
    VI = "VI"


@dataclass(frozen=True, slots=True, kw_only=True)
class Phototypes:
    """The phototypes that may be treated so, and why these."""

    allowed: tuple[Phototype, ...]
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Prescription:
    """What is prescribed: how often, how long, how much, with what, and within which limits. It may contradict itself.

    Phases follow each other from the day on which it comes into force. What is left out restricts nothing: no
    `programmes` and `zones` are any, no `cem43` watches none, no `phototypes` allow all, and without a `level` any will
    do. Days are those of the patient's file. `most_per_day` and `most_per_week` count sessions in 24 hours and in 7
    days.
    """

    modality: Modality
    phases: tuple[Phase, ...]
    limits: Limits
    programmes: tuple[Programme, ...] = ()
    zones: tuple[Zone, ...] = ()
    caps: tuple[Cap, ...] = ()
    most_per_day: int | None = None
    most_per_week: int | None = None
    cem43: Cem43Levels | None = None
    phototypes: Phototypes | None = None
    level: Level | None = None
