"""What the prescribing pages show: where one can begin, a draft with its reasons and sources, and what is signed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from clinical.adherence.days import TherapyDays
from clinical.adherence.slots import SlotState
from clinical.regimen import DOSE_UNITS, Phototype, Prescription
from clinical.regimen.changes import field_words
from clinical.regimen.drafts import finished, under
from clinical.regimen.templates import TEMPLATES, Template
from monitor_api.cohorts.last_session import LastSession
from monitor_api.cohorts.replay import began_at
from monitor_api.http.etags import etag
from monitor_api.http.paging import PageWanted
from monitor_api.http.queries.drafts import SeenDraft, draft, drafts
from monitor_api.http.queries.patients import Patient, patient
from monitor_api.http.queries.practices import therapy_days
from monitor_api.http.queries.previews import RegimenPreview, Stored, TriedRegimen, last_under, regimen_preview
from monitor_api.http.queries.regimens import SeenRegimen, regimens
from monitor_api.http.queries.users import names
from monitor_api.screens.drafting.figures import Beginning, Figure, beginning, figure
from monitor_api.screens.drafting.form import DAYS, LEVELS, Typed
from monitor_api.screens.drafting.units import typed
from monitor_api.screens.page import Page
from monitor_api.screens.regimen import looking
from monitor_api.screens.words import NO_BREAK
from vocabulary.devices import Modality, Zone
from vocabulary.identity import PatientId
from vocabulary.light import Band
from vocabulary.quantities import Unit

_TEMPLATES: Final = {one.name: one for one in TEMPLATES}
_LATEST: Final = PageWanted(cursor=None, limit=20)
_YOURS: Final = "Nobody published this figure: it is yours to fill in."


@dataclass(frozen=True, slots=True, kw_only=True)
class PrescribeView:
    """Where a prescription for a patient can begin."""

    patient: Patient
    zone: ZoneInfo
    drafts: tuple[SeenDraft, ...]
    by: Mapping[Any, str]
    in_force: tuple[SeenRegimen, ...]
    beginnings: dict[Modality, tuple[Beginning, ...]]


def view_beginnings(page: Page, session: Session, who: PatientId) -> PrescribeView:
    """Read where one can begin. Raises NotThere."""
    caller = page.visit.caller
    whose, found = patient(session, caller, who), drafts(session, caller, who, _LATEST).items
    prescribed = regimens(looking(page, session), who, _LATEST).items
    return PrescribeView(
        patient=whose,
        zone=ZoneInfo(whose.zone),
        drafts=found,
        by=names(session, caller, {one.changed_by for one in found}),
        in_force=tuple(one for one in prescribed if one.ended_at is None),
        beginnings={
            modality: tuple(beginning(one) for one in TEMPLATES if one.modality is modality) for modality in DOSE_UNITS
        },
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """What stands below a field beside its reason: where its figure is from, or what it was in the template."""

    words: str
    weak: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftView:
    """A draft as its form shows it. `typed` is what somebody just typed and was not stored, else None."""

    draft: SeenDraft
    patient: Patient
    therapy_days: TherapyDays
    by: str
    typed: Typed | None = None
    days: tuple[str, ...] = field(default=DAYS)
    levels: tuple[str, ...] = field(default=LEVELS)
    bands: tuple[Band, ...] = field(default=tuple(Band))
    zones: tuple[Zone, ...] = field(default=tuple(Zone))
    skins: tuple[Phototype, ...] = field(default=tuple(Phototype))

    @property
    def zone(self) -> ZoneInfo:
        """Where the patient lives."""
        return self.therapy_days.zone

    @property
    def written(self) -> dict[str, Any]:
        """What the fields say."""
        return self.typed.written if self.typed else self.draft.prescription.written

    @property
    def reasons(self) -> dict[str, str]:
        """Why it is not stored, where a text says nothing; else what is in the way of signing."""
        return self.typed.wrong if self.typed and self.typed.wrong else self.draft.reasons

    @property
    def unit(self) -> Unit:
        """In what a dose is counted."""
        return DOSE_UNITS[self.draft.modality]

    @property
    def etag(self) -> str:
        """What a change has to name: that it is of what was seen."""
        return etag(self.draft.etag_version)

    @property
    def begun_with(self) -> Template | None:
        """The template it began with; None where there was none, or it is known no more."""
        return _TEMPLATES.get(self.draft.template or "")

    def name(self, path: str) -> str:
        """A field as people call it."""
        return field_words(path)

    def at(self, path: str) -> Any:  # noqa: ANN401 - JSON
        """What stands under a path; None where nothing does."""
        return under(self.written, path)

    def text(self, path: str) -> str:
        """What stands in a field; a dose in another unit than the modality's stands in none."""
        if self.typed and path in self.typed.texts:
            return self.typed.texts[path]
        value = self.at(path)
        if isinstance(value, dict):
            return typed(path, value["value"]) if value["unit"] == self.unit else ""  # pyright: ignore[reportUnknownArgumentType]
        return typed(path, value)

    def remark(self, path: str) -> Remark | None:
        """Where the figure of a field is from; None where no template speaks of it."""
        template = self.begun_with
        if template is None:
            return None
        known = next((figure(one) for one in template.figures if one.field == path), None)
        if known is not None:
            return _remark(known, same=under(template.document(), path) == self.at(path))
        ours = path in template.to_fill and self.at(path) is None
        return Remark(words=_YOURS, weak=False) if ours else None


def _remark(known: Figure, *, same: bool) -> Remark:
    source = f"{known.source} ({known.mark})"
    words = f"From {source}" if same else f"The template has: {known.words}, from {source}"
    return Remark(words=words, weak=known.weak and same)


def view_draft(page: Page, session: Session, which: UUID, typed_now: Typed | None = None) -> DraftView:
    """Read a draft. Raises NotThere."""
    caller = page.visit.caller
    found = draft(session, caller, which)
    whose = patient(session, caller, found.patient_id)
    return DraftView(
        draft=found,
        patient=whose,
        therapy_days=therapy_days(session, caller, whose, page.visit.now),
        by=names(session, caller, {found.changed_by}).get(found.changed_by, "somebody"),
        typed=typed_now,
    )


def to_sign(view: DraftView) -> Prescription:
    """What signing prescribes. Raises RegimenRefused, with every reason."""
    return finished(view.draft.prescription.written, view.draft.modality)


def try_on_the_past(page: Page, session: Session, view: DraftView) -> RegimenPreview:
    """What it would have called over its patient in the last 90 days. Raises RegimenRefused, with every reason."""
    return regimen_preview(_stored(page, session), PatientId(view.patient.id), _tried(view))


@dataclass(frozen=True, slots=True, kw_only=True)
class LastView:
    """The patient's last session as it would have counted under a draft."""

    last: LastSession

    @property
    def began(self) -> datetime:
        """When it began."""
        return began_at(self.last.use.sessions[0])

    @property
    def words(self) -> str:
        """What it would have been."""
        return _WOULD[self.last.state]

    @property
    def share(self) -> str:
        """How much of the planned dose it gave."""
        ends = dict.fromkeys(
            f"{one:.0%}".replace("%", f"{NO_BREAK}%") for one in (self.last.dose.low, self.last.dose.high)
        )
        return " to ".join(ends)


_WOULD: Final = {
    SlotState.TAKEN: "It would have been taken",
    SlotState.PARTIAL: "It would have been partial",
    SlotState.MISSED: "It would not have counted",
    SlotState.UNKNOWN: "Whether it would have been taken is not known",
}


def try_on_the_last(page: Page, session: Session, view: DraftView) -> LastView | None:
    """The last session under a draft that could be signed; None before there is one."""
    last = last_under(_stored(page, session), PatientId(view.patient.id), _tried(view))
    return None if last is None else LastView(last=last)


def _stored(page: Page, session: Session) -> Stored:
    visit = page.visit
    return Stored(session=session, telemetry=visit.parts.telemetry, caller=visit.caller, now=visit.now)


def _tried(view: DraftView) -> TriedRegimen:
    return TriedRegimen.model_validate(view.draft.prescription.written | {"modality": view.draft.modality})
