"""A draft of a prescription in requests and answers: the same form, with null wherever something is still missing."""

from typing import Annotated, Any, Self

from pydantic import Field

from clinical.regimen import Phototype
from clinical.regimen.templates import Template
from clinical.regimen.written import Written
from monitor_api.http.prescriptions import EXAMPLE, Because, Day, LimitsBody, Whole
from monitor_api.http.wanted import Amount, Body, Number, Seconds, shown
from vocabulary.devices import Zone
from vocabulary.light import Band


class DraftTiming(Body):
    """When sessions are due: `frequency` in every `period_days`; one on each of the `weekdays` where they are named."""

    frequency: Whole | None = None
    period_days: Annotated[int, Field(ge=0, le=1000, strict=True)] | None = 7
    weekdays: Annotated[tuple[Day, ...], Field(max_length=14)] = ()


class DraftPhase(Body):
    """A stretch of the regimen; `weeks` null: open, the last."""

    weeks: Annotated[int, Field(ge=0, le=1000, strict=True)] | None = None
    timing: DraftTiming = DraftTiming()
    duration_s: Seconds | None = None
    dose: Amount | None = None


class DraftLight(Body):
    """A light of a programme at the skin; its irradiance is null where nobody measured it."""

    band: Band
    wavelength_nm: Whole | None = None
    irradiance_mw_per_cm2: Number | None = None


class DraftProgramme(Body):
    """A programme of the device that may be used."""

    number: Whole | None = None
    light: Annotated[tuple[DraftLight, ...], Field(max_length=12)] = ()


class DraftCap(Body):
    """No more than `dose` within any window; in one band and zone, null for each of them apart."""

    window_s: Seconds | None = None
    dose: Amount | None = None
    band: Band | None = None
    zone: Zone | None = None


class DraftLevels(Body):
    """Thermal dose of a zone within a session, in minutes at 43 °C, from which each word is said."""

    info_min: Number | None = None
    warn_min: Number | None = None
    alert_min: Number | None = None
    stop_min: Number | None = None


class DraftStrength(Body):
    """How strong the device is to be, mW/cm² of light or W of radiofrequency, both ends within."""

    lowest: Number | None = None
    highest: Number | None = None


class DraftPhototypes(Body):
    """The phototypes that may be treated so (Fitzpatrick), and why these."""

    allowed: Annotated[tuple[Phototype, ...], Field(max_length=12)] = ()
    because: Because = ""


class DraftBody(Body):
    """What is to be prescribed, as far as it is written. It may contradict itself, and lack what signing asks for."""

    model_config = shown(**EXAMPLE)

    phases: Annotated[tuple[DraftPhase, ...], Field(max_length=12)] = ()
    programmes: Annotated[tuple[DraftProgramme, ...], Field(max_length=40)] = ()
    zones: Annotated[tuple[Zone, ...], Field(max_length=40)] = ()
    limits: LimitsBody = LimitsBody()
    caps: Annotated[tuple[DraftCap, ...], Field(max_length=40)] = ()
    most_per_day: Whole | None = None
    most_per_week: Whole | None = None
    cem43: DraftLevels | None = None
    phototypes: DraftPhototypes | None = None
    level: DraftStrength | None = None

    @property
    def written(self) -> Written:
        """It as it is stored."""
        said: dict[str, Any] = self.model_dump(mode="json")
        return said

    @classmethod
    def of(cls, template: Template) -> Self:
        """As far as a template knows it."""
        return cls.model_validate(template.document())
