"""Where a prescription can begin: what trials and makers published, each figure with where it is from.

Rules, kept here:
- A figure that nobody published is not there: the physician fills it in.
- A figure that was only remembered, derived or proposed is marked weak, and shown so.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from clinical.errors import RegimenRefused
from clinical.regimen.prescription import NO_LIMITS, Prescription
from clinical.regimen.written import Written, read, write
from vocabulary.devices import Modality


class Mark(StrEnum):
    """How a figure is known."""

    FOUND = "read in the source"
    REMEMBERED = "remembered from the source, not checked"
    DERIVED = "reckoned from other figures"
    PROPOSED = "a proposal that a physician has to own"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sourced:
    """A figure of the written form, how it is known and from where."""

    field: str
    value: Any
    mark: Mark
    source: str

    @property
    def weak(self) -> bool:
        """Whether somebody has to look it up before relying on it."""
        return self.mark is not Mark.FOUND


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A beginning: its figures, and the fields that nobody published and the physician has to fill in."""

    name: str
    title: str
    modality: Modality
    figures: tuple[Sourced, ...]
    to_fill: tuple[str, ...]

    def filled(self, choices: Mapping[str, object]) -> Prescription:
        """The prescription with a physician's choices, by field. Raises RegimenRefused for what is not filled in."""
        missing = {field: "has to be filled in" for field in self.to_fill if field not in choices}
        if missing:
            raise RegimenRefused(missing)
        written = self.document()
        for field, value in choices.items():
            _put(written, field.split("."), value)
        blank = write(Prescription(modality=self.modality, phases=(), limits=NO_LIMITS))
        limits = blank["limits"] | written.get("limits", {})
        phases = [{"weeks": None} | phase for phase in written["phases"]]
        return read(blank | written | {"limits": limits, "phases": phases}, self.modality)

    def document(self) -> Written:
        """The written form as far as it is known, null where it is to be filled in."""
        written: Written = {}
        for field in self.to_fill:
            _put(written, field.split("."), None)
        for figure in self.figures:
            _put(written, figure.field.split("."), figure.value)
        return written


def _put(into: Any, path: list[str], value: object) -> None:  # noqa: ANN401 - any JSON value
    step, *further = path
    if isinstance(into, list):
        while len(into) <= int(step):  # pyright: ignore[reportUnknownArgumentType]
            into.append({})  # pyright: ignore[reportUnknownMemberType]
        _put_inside(into, int(step), further, value)
    else:
        _put_inside(into, step, further, value)


def _put_inside(into: Any, key: int | str, further: list[str], value: object) -> None:  # noqa: ANN401 - any JSON value
    if not further:
        into[key] = value
        return
    if isinstance(key, str) and key not in into:
        into[key] = [] if further[0].isdigit() else {}
    _put(into[key], further, value)


def _figures(mark: Mark, source: str, **values: object) -> tuple[Sourced, ...]:
    """Figures of one source; a double underscore in a name stands for the point of a path."""
    return tuple(
        Sourced(field=name.replace("__", "."), value=value, mark=mark, source=source) for name, value in values.items()
    )


def _timing(times: int, days: int = 7, *weekdays: str) -> Written:
    return {"frequency": times, "period_days": days, "weekdays": list(weekdays)}


def _light(*lights: tuple[str, int, float | None]) -> list[Written]:
    return [{"band": band, "wavelength_nm": nm, "irradiance_mw_per_cm2": level} for band, nm, level in lights]


_HEAT: Final = _figures(
    Mark.PROPOSED,
    "config proposed from the CEM43 formula (Sapareto and Dewey 1984): 4 min at 42 °C are 1 min",
    cem43={"info_min": 1, "warn_min": 2, "alert_min": 5, "stop_min": 15},
)
_NEWA: Final = (
    *_figures(
        Mark.FOUND,
        "NEWA, FDA DEN150005: skin types I to IV",
        phototypes={"allowed": ["I", "II", "III", "IV"], "because": "cleared for skin types I to IV (DEN150005)"},
    ),
    *_figures(Mark.DERIVED, "NEWA, FDA DEN150005: stops above 42 °C, criterion 42 ± 0.5", limits__skin_celsius=42.5),
    *_HEAT,
)

TEMPLATES: Final = (
    Template(
        name="led-red-infrared",
        title="Red and near infrared mask, five times a week (randomised trial, 60 people)",
        modality=Modality.LED,
        figures=(
            *_figures(
                Mark.FOUND,
                "PMID 39960921: 630 and 850 nm, 9 min, 5 sessions a week",
                phases__0__timing=_timing(5),
                phases__0__duration_s=540,
                programmes__0__light=_light(("red", 630, None), ("near infrared", 850, None)),
            ),
        ),
        to_fill=("phases.0.weeks", "phases.0.dose", "programmes.0.number"),
    ),
    Template(
        name="led-acne-blue-red",
        title="Blue and red light at home for acne, twice a day (35 people)",
        modality=Modality.LED,
        figures=_figures(
            Mark.FOUND,
            "BJD bjd.12186: 420 and 660 nm, 2.5 min twice daily for 4 weeks",
            phases__0__weeks=4,
            phases__0__timing=_timing(2, 1),
            phases__0__duration_s=150,
            programmes__0__light=_light(("blue", 420, None), ("red", 660, None)),
        ),
        to_fill=("phases.0.dose", "programmes.0.number"),
    ),
    Template(
        name="led-six-days",
        title="Red, near infrared and blue mask, Monday to Saturday (TheraFace trial, 31 people)",
        modality=Modality.LED,
        figures=(
            *_figures(
                Mark.FOUND,
                "therabody.eu, trial of the TheraFace Mask: 9 min a day, Monday to Saturday, 12 weeks",
                phases__0__weeks=12,
                phases__0__timing=_timing(6, 7, "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"),
                phases__0__duration_s=540,
                programmes__0__light=_light(("red", 633, None), ("near infrared", 830, None), ("blue", 415, None)),
            ),
        ),
        to_fill=("phases.0.dose", "programmes.0.number"),
    ),
    Template(
        name="rf-every-other-day",
        title="Radiofrequency every other day for four weeks (NEWA, Japan)",
        modality=Modality.RF,
        figures=(
            *_figures(
                Mark.FOUND,
                "doi 10.4236/jcdsa.2018.81005: every other day for 4 weeks",
                phases__0__weeks=4,
                phases__0__timing=_timing(1, 2),
            ),
            *_NEWA,
        ),
        to_fill=("phases.0.duration_s", "phases.0.dose"),
    ),
    Template(
        name="rf-five-a-week",
        title="Radiofrequency five times a week for four weeks (NEWA trial, 69 people)",
        modality=Modality.RF,
        figures=(
            *_figures(
                Mark.FOUND,
                "PMID 25607700: at least 5 a week for 4 weeks",
                phases__0__weeks=4,
                phases__0__timing=_timing(5),
            ),
            *_NEWA,
        ),
        to_fill=("phases.0.duration_s", "phases.0.dose"),
    ),
    Template(
        name="rf-three-then-two",
        title="Radiofrequency three times a week, then twice, then maintenance (NEWA, maker's instructions)",
        modality=Modality.RF,
        figures=(
            *_figures(
                Mark.REMEMBERED,
                "NEWA instructions for use: 4 min a zone, 3 a week in the first month, then 2 a week, then maintenance",
                phases__0__weeks=4,
                phases__0__timing=_timing(3),
                phases__0__duration_s=240,
                phases__1__timing=_timing(2),
                phases__1__duration_s=240,
            ),
            *_NEWA,
        ),
        to_fill=("phases.0.dose", "phases.1.weeks", "phases.1.dose"),
    ),
    Template(
        name="rf-with-maintenance",
        title="Radiofrequency every other day for six weeks, then monthly (Silk'n, 33 people)",
        modality=Modality.RF,
        figures=(
            *_figures(
                Mark.FOUND,
                "Gold et al.: 21 sessions every other day over 6 weeks and 2 monthly ones",
                phases__0__weeks=6,
                phases__0__timing=_timing(1, 2),
            ),
            *_figures(
                Mark.DERIVED,
                "Gold et al.: 2 monthly maintenance sessions, a month taken as 4 weeks",
                phases__1__weeks=8,
                phases__1__timing=_timing(1, 28),
            ),
            *_HEAT,
        ),
        to_fill=("phases.0.duration_s", "phases.0.dose", "phases.1.duration_s", "phases.1.dose"),
    ),
)
