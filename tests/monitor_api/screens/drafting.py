"""Drafts as a clinic would have them, and the form of a draft as a browser would send it."""

from copy import deepcopy
from html.parser import HTMLParser
from typing import Any
from uuid import UUID, uuid4

from monitor_api.records.drafts import RegimenDraftRow
from tests.monitor_api.screens.clinic import Clinic

PHASE = {
    "weeks": 4,
    "timing": {"frequency": 2, "period_days": 7, "weekdays": ["monday", "thursday"]},
    "duration_s": 100.0,
    "dose": {"value": 18.25, "unit": "J/cm2"},
}
LIMITS = {
    "duration_s": 660.0,
    "dose": {"value": 20.075, "unit": "J/cm2"},
    "skin_celsius": 41.0,
    "skin_grace_s": 2.5,
    "rest_s": 57700.0,
    "contact_grace_s": 15.0,
}
LIGHT = [
    {"band": "red", "wavelength_nm": 633, "irradiance_mw_per_cm2": 200.5},
    {"band": "near infrared", "wavelength_nm": 830, "irradiance_mw_per_cm2": 50.0},
]
CAP = {"window_s": 100000.0, "dose": {"value": 200.0, "unit": "J/cm2"}, "band": "red", "zone": "nose"}
WHOLE = {
    "phases": [PHASE, PHASE | {"weeks": None, "timing": {"frequency": 1, "period_days": 14, "weekdays": []}}],
    "programmes": [{"number": 0, "light": LIGHT}, {"number": 3, "light": []}],
    "zones": ["nose", "whole face"],
    "limits": LIMITS,
    "caps": [CAP, CAP | {"band": None, "zone": None}],
    "most_per_day": 1,
    "most_per_week": 2,
    "cem43": {"info_min": 1.0, "warn_min": 2.0, "alert_min": 5.0, "stop_min": 15.5},
    "phototypes": {"allowed": ["I", "II"], "because": "cleared for these"},
    "level": {"lowest": 200.5, "highest": 250.0},
}
"""A draft of which every part says something."""

LACKING = {
    "phases": [
        PHASE | {"dose": None, "duration_s": 0.0},
        {"weeks": 0, "timing": {"frequency": 9, "period_days": 2, "weekdays": []}, "duration_s": None, "dose": None},
    ],
    "programmes": [{"number": None, "light": [{"band": "red", "wavelength_nm": 900, "irradiance_mw_per_cm2": 0.0}]}],
    "zones": [],
    "limits": LIMITS | {"skin_celsius": 60.0, "rest_s": 99999999.0, "dose": {"value": -1.0, "unit": "J/cm2"}},
    "caps": [CAP | {"dose": None, "zone": "chin", "window_s": 0.0, "band": "blue"}],
    "most_per_day": 0,
    "most_per_week": -1,
    "cem43": {"info_min": 5.0, "warn_min": 2.0, "alert_min": None, "stop_min": 0.0},
    "phototypes": {"allowed": [], "because": ""},
    "level": {"lowest": None, "highest": 2000.0},
}
"""A draft of which nearly every field is refused."""


def drafted(clinic: Clinic, patient: UUID, body: dict[str, Any], template: str | None = None) -> UUID:
    """A draft for a mask."""
    id_, by = uuid4(), clinic.user("physician", "Dr Ines Roth")
    clinic.add(
        RegimenDraftRow(
            id=id_,
            clinic_id=clinic.id,
            patient_id=patient,
            modality="led",
            template=template,
            body=deepcopy(body),
            revision=1,
            made_at=clinic.now,
            made_by=by,
            changed_at=clinic.now,
            changed_by=by,
        )
    )
    return id_


class Page(HTMLParser):
    """The fields of a draft's form with what stands in them, every id of the page, and what it says is wrong where."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.fields: dict[str, list[str]] = {}
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.invalid: set[str] = set()
        self._inside, self._select = False, ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        about = dict(attrs)
        self.ids.add(about.get("id") or "")
        self._inside = self._inside or (tag == "form" and about.get("id") in {"form", "signing"})
        if (link := about.get("href") or "").startswith("#"):
            self.links.append(link[1:])
        if "aria-invalid" in about:
            self.invalid.add(about.get("id") or "")
        if self._inside:
            self._field(tag, about)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False

    def _field(self, tag: str, about: dict[str, str | None]) -> None:
        name, value = about.get("name") or "", about.get("value") or ""
        if tag == "select":
            self._select = name
            self.fields[name] = []
        elif tag == "option" and ("selected" in about or not self.fields[self._select]):
            self.fields[self._select] = [value]
        elif tag == "input" and (about.get("type") != "checkbox" or "checked" in about):
            self.fields.setdefault(name, []).append(value)
