"""A regimen with its versions, the newest first: where each is in its life, its signature, and what it changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from clinical.regimen import Prescription
from clinical.regimen.changes import FieldChange, changes
from clinical.regimen.life import MOVES, Step, Taken
from monitor_api.http.etags import etag
from monitor_api.http.queries.patients import Patient, patient
from monitor_api.http.queries.regimens import Looking, SeenRegimen, SeenVersion, regimen_detail
from monitor_api.http.queries.users import names
from monitor_api.screens.page import Page
from monitor_api.screens.words import proof_words
from vocabulary.devices import Modality
from vocabulary.identity import RegimenId, UserId

STEPS: Final = {
    Step.PAUSED: ("Pause", "by leave of the patient: planned sessions are excused"),
    Step.HELD: ("Hold", "for safety: devices are held too"),
    Step.RESUMED: ("Resume", "go on; holds that this treatment asked for are lifted"),
    Step.STOPPED: ("Stop for good", "the treatment is over, and devices are held"),
}
"""What a person may do with a treatment, and what that means."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionView:
    """A version, and what it changed of the one before; no changes for the first. `by` is who prescribed it."""

    version: SeenVersion
    prescription: Prescription
    by: str
    changes: tuple[FieldChange, ...]
    steps: tuple[tuple[Taken, str], ...]

    @property
    def proof(self) -> str:
        """What its signature proves, in words."""
        return proof_words(self.version.signature.proof)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegimenView:
    """All that the page shows."""

    patient: Patient
    zone: ZoneInfo
    regimen: SeenRegimen
    versions: tuple[VersionView, ...]

    @property
    def steps(self) -> tuple[tuple[Step, str, str], ...]:
        """What may be done with it now: each step, its name, and what it means."""
        if self.regimen.ended_at is not None:
            return ()
        return tuple((step, *words) for step, words in STEPS.items() if (self.regimen.stage, step) in MOVES)

    @property
    def etag(self) -> str:
        """What a step has to name: that it is about what was seen."""
        return etag(self.regimen.etag_version)


def looking(page: Page, session: Session) -> Looking:
    """Who looks at regimens on a page."""
    visit = page.visit
    return Looking(session=session, caller=visit.caller, signatures=visit.parts.signatures, now=visit.now)


def view_regimen(page: Page, session: Session, which: RegimenId) -> RegimenView:
    """Read a regimen. Raises NotThere."""
    detail = regimen_detail(looking(page, session), which)
    whose = patient(session, page.visit.caller, detail.regimen.patient_id)
    return RegimenView(
        patient=whose,
        zone=ZoneInfo(whose.zone),
        regimen=detail.regimen,
        versions=tuple(_versions(detail.versions, detail.regimen.modality, _people(page, session, detail.versions))),
    )


def _people(page: Page, session: Session, versions: Sequence[SeenVersion]) -> Mapping[UserId, str]:
    steps = {one.by for version in versions for one in version.life.steps if one.by}
    return names(session, page.visit.caller, {one.prescriber_id for one in versions} | steps)


def _versions(
    versions: Sequence[SeenVersion], modality: Modality, people: Mapping[UserId, str]
) -> Sequence[VersionView]:
    said = [one.prescription.prescription(modality) for one in versions]
    changed = [(), *(changes(old, new) for old, new in pairwise(said))]
    views = [
        VersionView(
            version=one,
            prescription=prescription,
            by=people.get(one.prescriber_id, "somebody"),
            changes=difference,
            steps=tuple((step, people.get(step.by, "somebody") if step.by else "") for step in one.life.steps),
        )
        for one, prescription, difference in zip(versions, said, changed, strict=True)
    ]
    return views[::-1]
