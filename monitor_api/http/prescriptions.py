"""A prescription in requests and answers: its written form, part by part, so that what is read can be sent back."""

from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, JsonValue

from clinical.regimen import NO_LIMITS, Phototype, Prescription
from clinical.regimen.written import read, write
from monitor_api.http.wanted import PRINTABLE, Amount, Body, Number, Seconds, shown
from vocabulary.devices import Modality, Zone
from vocabulary.light import Band

EXAMPLE: Final[dict[str, JsonValue]] = {
    "phases": [
        {
            "weeks": 4,
            "timing": {"frequency": 5, "period_days": 7, "weekdays": []},
            "duration_s": 600,
            "dose": {"value": 36, "unit": "J/cm2"},
        },
        {
            "weeks": None,
            "timing": {"frequency": 2, "period_days": 7, "weekdays": ["monday", "thursday"]},
            "duration_s": 600,
            "dose": {"value": 36, "unit": "J/cm2"},
        },
    ],
    "programmes": [{"number": 0, "light": [{"band": "red", "wavelength_nm": 633, "irradiance_mw_per_cm2": None}]}],
    "zones": ["whole face"],
    "limits": {"duration_s": 660, "dose": {"value": 39.6, "unit": "J/cm2"}, "rest_s": 57600},
    "caps": [{"window_s": 604800, "dose": {"value": 200, "unit": "J/cm2"}, "band": "red", "zone": None}],
    "most_per_day": 1,
}

Whole = Annotated[int, Field(ge=-(10**6), le=10**6, strict=True)]
Because = Annotated[str, Field(max_length=400, pattern=PRINTABLE)]
Day = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


class TimingBody(Body):
    """When sessions are due: `frequency` in every `period_days`; one on each of the `weekdays` where they are named."""

    frequency: Whole
    period_days: Annotated[int, Field(ge=0, le=1000, strict=True)] = 7
    weekdays: Annotated[tuple[Day, ...], Field(max_length=14)] = ()


class PhaseBody(Body):
    """A stretch of the regimen; `weeks` null: open, the last."""

    weeks: Annotated[int, Field(ge=0, le=1000, strict=True)] | None = None
    timing: TimingBody
    duration_s: Seconds
    dose: Amount


class LightBody(Body):
    """A light of a programme at the skin; its irradiance is null where nobody measured it."""

    band: Band
    wavelength_nm: Whole
    irradiance_mw_per_cm2: Number | None = None


class ProgrammeBody(Body):
    """A programme of the device that may be used."""

    number: Whole
    light: Annotated[tuple[LightBody, ...], Field(max_length=12)] = ()


class LimitsBody(Body):
    """What a session must stay within; null where nothing is to be set. `duration_s` is the back-up time.

    Without a limit of its own, a dose is held to 110 % of what is prescribed, and the skin of an RF session to 42.5 °C.
    """

    duration_s: Seconds | None = None
    dose: Amount | None = None
    skin_celsius: Number | None = None
    skin_grace_s: Seconds = NO_LIMITS.skin_grace.total_seconds()
    rest_s: Seconds | None = None
    contact_grace_s: Seconds = NO_LIMITS.contact_grace.total_seconds()


class CapBody(Body):
    """No more than `dose` within any window; in one band and zone, null for each of them apart."""

    window_s: Seconds
    dose: Amount
    band: Band | None = None
    zone: Zone | None = None


class LevelsBody(Body):
    """Thermal dose of a zone within a session, in minutes at 43 °C, from which each word is said."""

    info_min: Number
    warn_min: Number
    alert_min: Number
    stop_min: Number


class StrengthBody(Body):
    """How strong the device is to be, mW/cm² of light or W of radiofrequency, both ends within."""

    lowest: Number
    highest: Number


class PhototypesBody(Body):
    """The phototypes that may be treated so (Fitzpatrick), and why these."""

    allowed: Annotated[tuple[Phototype, ...], Field(max_length=12)]
    because: Because


class PrescriptionBody(Body):
    """What is prescribed: how often, how long, how much, with what, and within which limits.

    Phases follow each other from `from_at` on. What is left out restricts nothing.
    """

    model_config = shown(**EXAMPLE)

    phases: Annotated[tuple[PhaseBody, ...], Field(max_length=40)]
    programmes: Annotated[tuple[ProgrammeBody, ...], Field(max_length=40)] = ()
    zones: Annotated[tuple[Zone, ...], Field(max_length=40)] = ()
    limits: LimitsBody = LimitsBody()
    caps: Annotated[tuple[CapBody, ...], Field(max_length=40)] = ()
    most_per_day: Whole | None = None
    most_per_week: Whole | None = None
    cem43: LevelsBody | None = None
    phototypes: PhototypesBody | None = None
    level: StrengthBody | None = None

    def prescription(self, modality: Modality) -> Prescription:
        """It as the clinical core knows it."""
        said: dict[str, Any] = self.model_dump(mode="json")
        return read(said, modality)

    @classmethod
    def of(cls, prescription: Prescription) -> Self:
        """What the clinical core knows, as it is answered."""
        return cls.model_validate(write(prescription))
