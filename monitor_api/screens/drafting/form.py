"""The form of a draft, read: what was typed becomes the written form, with a reason for each text that says nothing."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from clinical.regimen import DOSE_UNITS, NO_LIMITS, Phototype
from clinical.regimen.written import Written
from monitor_api.http.drafts import DraftBody
from monitor_api.screens.drafting.units import stored, typed
from vocabulary.devices import Modality, Zone
from vocabulary.light import Band

DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
LEVELS: Final = ("info_min", "warn_min", "alert_min", "stop_min")
ENDS: Final = ("lowest", "highest")
MOST: Final = 40
"""Parts of one kind that a form can hold."""

_A_DAY_S: Final = 86400


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """What a form says: the written form, null where a text says nothing; the texts as typed; why each says nothing."""

    written: Written
    texts: dict[str, str]
    wrong: dict[str, str]


@dataclass(slots=True)
class _Reader:
    """The fields of one form on their way to a written form."""

    sent: dict[str, list[str]]
    modality: Modality
    texts: dict[str, str] = field(default_factory=dict[str, str])
    wrong: dict[str, str] = field(default_factory=dict[str, str])

    def number(self, at: str, path: str) -> float | int | None:
        """The number in the field `at`, which stands under `path` in the written form."""
        text = (self.sent.get(at) or [""])[0]
        try:
            return stored(path, text)
        except ValueError as error:
            self.texts[path], self.wrong[path] = text[:40], str(error)
            return None

    def dose(self, at: str, path: str) -> Written | None:
        value = self.number(at, path)
        return None if value is None else {"value": value, "unit": str(DOSE_UNITS[self.modality])}

    def chosen(self, at: str, among: Iterable[str]) -> list[str]:
        """Those that are ticked, in their own order."""
        ticked = self.sent.get(at, ())
        return [one for one in among if one in ticked]

    def choice(self, at: str, among: Iterable[str]) -> str | None:
        return next(iter(self.chosen(at, among)), None)

    def places(self, group: str) -> list[str]:
        """The names of a group's members, as the form has them, in order."""
        found = {int(hit[1]) for one in self.sent if (hit := re.match(re.escape(group) + r"\.(\d{1,3})\.", one))}
        return [f"{group}.{number}" for number in sorted(found)[:MOST]]


def read_form(pairs: Sequence[tuple[str, str]], modality: Modality) -> Typed:
    """What a form says. Members of lists are numbered anew, so that none is left out."""
    sent: dict[str, list[str]] = {}
    for name, text in pairs:
        sent.setdefault(name, []).append(text)
    reader = _Reader(sent, modality)
    written = {
        "phases": [_phase(reader, at, f"phases.{n}") for n, at in enumerate(reader.places("phases"))],
        "programmes": [_programme(reader, at, f"programmes.{n}") for n, at in enumerate(reader.places("programmes"))],
        "zones": reader.chosen("zones", Zone),
        "limits": _limits(reader),
        "caps": [_cap(reader, at, f"caps.{n}") for n, at in enumerate(reader.places("caps"))],
        "most_per_day": reader.number("most_per_day", "most_per_day"),
        "most_per_week": reader.number("most_per_week", "most_per_week"),
        "cem43": _all_or_none(reader, "cem43", LEVELS),
        "phototypes": _phototypes(reader),
        "level": _all_or_none(reader, "level", ENDS),
    }
    return Typed(written=written, texts=reader.texts, wrong=reader.wrong | unreadable(written))


def _phase(reader: _Reader, at: str, path: str) -> Written:
    weekdays = reader.chosen(f"{at}.timing.weekdays", DAYS)
    often = reader.number(f"{at}.timing.frequency", f"{path}.timing.frequency")
    period = reader.number(f"{at}.timing.period_days", f"{path}.timing.period_days")
    if weekdays:  # one on each of these days, every week, unless somebody says otherwise
        often, period = often or len(weekdays), period or len(DAYS)
    return {
        "weeks": reader.number(f"{at}.weeks", f"{path}.weeks"),
        "timing": {"frequency": often, "period_days": period, "weekdays": weekdays},
        "duration_s": reader.number(f"{at}.duration_s", f"{path}.duration_s"),
        "dose": reader.dose(f"{at}.dose", f"{path}.dose"),
    }


def _programme(reader: _Reader, at: str, path: str) -> Written:
    lights = enumerate(reader.places(f"{at}.light"))
    return {
        "number": reader.number(f"{at}.number", f"{path}.number"),
        "light": [_light(reader, of, f"{path}.light.{place}") for place, of in lights],
    }


def _light(reader: _Reader, at: str, path: str) -> Written:
    figures = ("wavelength_nm", "irradiance_mw_per_cm2")
    band = reader.choice(f"{at}.band", Band) or str(Band.RED)
    return {"band": band} | {name: reader.number(f"{at}.{name}", f"{path}.{name}") for name in figures}


def _limits(reader: _Reader) -> Written:
    graces = {"skin_grace_s": NO_LIMITS.skin_grace, "contact_grace_s": NO_LIMITS.contact_grace}
    names = ("duration_s", "skin_celsius", "rest_s", *graces)
    figures: dict[str, Any] = {name: reader.number(f"limits.{name}", f"limits.{name}") for name in names}
    usual = {name: grace.total_seconds() for name, grace in graces.items() if figures[name] is None}
    return figures | usual | {"dose": reader.dose("limits.dose", "limits.dose")}


def _cap(reader: _Reader, at: str, path: str) -> Written:
    return {
        "window_s": reader.number(f"{at}.window_s", f"{path}.window_s"),
        "dose": reader.dose(f"{at}.dose", f"{path}.dose"),
        "band": reader.choice(f"{at}.band", Band),
        "zone": reader.choice(f"{at}.zone", Zone),
    }


def _all_or_none(reader: _Reader, group: str, names: Iterable[str]) -> Written | None:
    """Numbers that belong together; None where none of them is given: nothing is watched."""
    numbers = {name: reader.number(f"{group}.{name}", f"{group}.{name}") for name in names}
    return numbers if any(one is not None for one in numbers.values()) else None


def _phototypes(reader: _Reader) -> Written | None:
    allowed = reader.chosen("phototypes.allowed", Phototype)
    because = (reader.sent.get("phototypes.because") or [""])[0].strip()
    return {"allowed": allowed, "because": because} if allowed or because else None


def unreadable(written: Written) -> dict[str, str]:
    """What is too large, too small or too long to be stored, by the field that it was typed into."""
    try:
        DraftBody.model_validate(written)
    except ValidationError as error:
        return {field: _words(field, one) for one in error.errors() for field in (_field(one["loc"]),)}
    return {}


def _words(field: str, error: ErrorDetails) -> str:
    """What is wrong, with its bound in the unit that is typed."""
    bounds = error.get("ctx", {})
    if (longest := bounds.get("max_length")) is not None:
        return f"expected no more than {longest}"
    if (most := bounds.get("le")) is not None:
        return f"expected no more than {typed(field, most)}"
    least = bounds.get("ge")
    return str(error["msg"]) if least is None else f"expected no less than {typed(field, least)}"


def _field(place: tuple[int | str, ...]) -> str:
    return ".".join(str(one) for one in place).removesuffix(".value")


BLANK: Final[dict[str, Written]] = {
    "phases": {
        "weeks": None,
        "timing": {"frequency": None, "period_days": len(DAYS), "weekdays": []},
        "duration_s": None,
        "dose": None,
    },
    "programmes": {"number": None, "light": []},
    "programmes.*.light": {"band": str(Band.RED), "wavelength_nm": None, "irradiance_mw_per_cm2": None},
    "caps": {"window_s": float(_A_DAY_S), "dose": None, "band": None, "zone": None},
}
"""What is added to each list of a draft."""
