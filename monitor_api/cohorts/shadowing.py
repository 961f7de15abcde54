"""The shadows of the service: what their candidates would have called, kept up with the facts as they come.

Rules, kept here:
- Nobody is called, and no checker waits: patients are read one after the other, each as of one moment of the store.
- A patient is judged again when a fact is new, and after a while in any case, for the clock alone makes silences.
- What is found of one patient is stored at once; a pass that was killed or asked to stop goes on where it was.
- What a candidate cannot be asked of a patient keeps it from no other.
"""

import logging
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event
from typing import Final
from uuid import UUID

from msgspec import to_builtins
from sqlalchemy import select
from sqlalchemy.exc import NoResultFound
from sqlalchemy.orm import Session

from clinical.errors import RegimenRefused
from clinical.figures import differing
from monitor_api.cohorts.candidate import AskedCandidate, Candidate
from monitor_api.cohorts.case import Case
from monitor_api.cohorts.replay import Window, began_at
from monitor_api.cohorts.shadow import NOTHING, ShadowCalls, in_shadow, is_needed
from monitor_api.cohorts.stored import CaseReader, facts_mark
from monitor_api.courses.due import CourseKey
from monitor_api.errors import CandidateRefused, StoreUnavailable, WorkStopped
from monitor_api.records.database import Database
from monitor_api.records.people import PatientRow
from monitor_api.records.practices import practice_of
from monitor_api.records.shadows import ShadowPatientRow, ShadowRow
from monitor_api.records.trail import WATCH, Change, ChangeKind, Deed, announce, leave_trail
from monitor_api.telemetry.port import Telemetry
from vocabulary.clock import Clock
from vocabulary.identity import ClinicId, PatientId

AGAIN: Final = timedelta(hours=6)
"""After this long a patient without a new fact is judged again."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shadow:
    """A shadow that runs."""

    id: UUID
    clinic: ClinicId
    from_at: datetime
    candidate: Candidate


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowKeeper:
    """Keeps every shadow up with the facts; `clock` tells civil time."""

    database: Database
    telemetry: Telemetry
    clock: Clock

    @contextmanager
    def kept_up(self, stop: Event) -> Generator[Callable[[], None]]:
        """Judge who is to be judged. Nothing is left to do afterwards.

        Raises StoreUnavailable; WorkStopped soon after `stop` is set.
        """
        self._end_what_is_over()
        for shadow in self._running():
            if self._keep_up(shadow, stop):
                self._tell_screens(shadow)
        yield _nothing

    def _keep_up(self, shadow: _Shadow, stop: Event) -> int:
        """Judge its patients, and give of how many something new is stored."""
        stored = 0
        for patient in self._patients(shadow):
            if stop.is_set():
                raise WorkStopped
            stored += self._keep(shadow, patient)
        return stored

    def _tell_screens(self, shadow: _Shadow) -> None:
        """Once a pass: as many patients are judged in one as there are."""
        change = Change(clinic=shadow.clinic, kind=ChangeKind.SHADOW, subject_id=str(shadow.id))
        with self.database.write() as session:
            announce(session, change, self.clock())

    def _end_what_is_over(self) -> None:
        now = self.clock()
        with self.database.write() as session:
            ending = select(ShadowRow).where(ShadowRow.ended_at.is_(None), ShadowRow.until_at <= now)
            for row in session.scalars(ending.with_for_update()):
                row.ended_at = row.until_at
                clinic, id_ = ClinicId(row.clinic_id), str(row.id)
                over = Deed(clinic=clinic, actor=WATCH, action="shadow over", subject_kind="shadow", subject_id=id_)
                leave_trail(session, over, now)
                announce(session, Change(clinic=clinic, kind=ChangeKind.SHADOW, subject_id=id_), now)

    def _running(self) -> list[_Shadow]:
        with self.database.read() as session:
            rows = session.scalars(select(ShadowRow).where(ShadowRow.ended_at.is_(None)).order_by(ShadowRow.from_at))
            return [shadow for row in rows if (shadow := _read(session, row, self.clock())) is not None]

    def _patients(self, shadow: _Shadow) -> Iterable[PatientId]:
        with self.database.read() as session:
            mine = select(PatientRow.id).where(PatientRow.clinic_id == shadow.clinic).order_by(PatientRow.id)
            return [PatientId(one) for one in session.scalars(mine)]

    def _keep(self, shadow: _Shadow, patient: PatientId) -> bool:
        """Judge one of its patients, and tell whether something new is stored."""
        try:
            judged = self._judge(shadow, patient)
            return judged is not None and self._store(shadow, judged)
        except StoreUnavailable:
            raise
        except Exception:  # noqa: BLE001 - a patient who cannot be judged must not keep the others from it
            _log.exception("patient %s cannot be judged in shadow %s", patient, shadow.id)
            return False

    def _judge(self, shadow: _Shadow, patient: PatientId) -> ShadowPatientRow | None:
        """What is to be stored of a patient; None where that is as it was, or the patient is gone."""
        key, now = CourseKey(shadow.clinic, patient), self.clock()
        window = Window(from_at=shadow.from_at, until_at=now)
        with self.database.read() as session:
            mark, known = facts_mark(session, key), session.get(ShadowPatientRow, (shadow.id, patient))
            if known is not None and known.mark == mark and now - known.judged_at < AGAIN:
                return None
            try:
                case = CaseReader(session, self.telemetry, key, now).case(lambda past: is_needed(window, past))
            except NoResultFound:
                return None
        found, problem = _found(case, shadow, window)
        return ShadowPatientRow(
            shadow_id=shadow.id,
            patient_id=patient,
            mark=mark,
            judged_at=now,
            problem=problem,
            sessions=sum(1 for one in case.kept if window.has(began_at(one.past))),
            calls=to_builtins(found),
        )

    def _store(self, shadow: _Shadow, judged: ShadowPatientRow) -> bool:
        """Unless it was ended meanwhile: what it says then stays."""
        with self.database.write() as session:
            row = session.get(ShadowRow, shadow.id, with_for_update={"key_share": True})
            runs = row is not None and row.ended_at is None
            if runs:
                session.merge(judged)
        return runs


def _found(case: Case, shadow: _Shadow, window: Window) -> tuple[ShadowCalls, str | None]:
    """What is found of a patient; nothing, and why, where one of their regimens cannot have the limits."""
    try:
        return in_shadow(case, shadow.candidate, window), None
    except RegimenRefused as refused:
        return NOTHING, str(refused)


def _read(session: Session, row: ShadowRow, now: datetime) -> _Shadow | None:
    """None where what it asks for is no longer known to this version of the service."""
    clinic = ClinicId(row.clinic_id)
    try:
        asked = AskedCandidate.model_validate(row.candidate)
        candidate = asked.candidate(differing(practice_of(session, clinic, now)))
    except (CandidateRefused, ValueError) as refused:
        _log.warning("shadow %s cannot be held beside what holds now: %s", row.id, refused)
        return None
    return _Shadow(id=row.id, clinic=clinic, from_at=row.from_at, candidate=candidate)


def _nothing() -> None:
    """What was found is stored already."""
