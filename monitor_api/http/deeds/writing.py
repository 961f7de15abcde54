"""A write transaction of a caller: what every deed is done in."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor_api.http.callers import Caller
from monitor_api.records.people import ClinicRow
from monitor_api.records.trail import Change, ChangeKind, Deed, announce, leave_trail
from vocabulary.identity import ClinicId, PatientId


def take_turn(session: Session, clinic: ClinicId) -> None:
    """Let the deeds of one clinic be done one after the other: what a deed looked at is so when it is committed.

    Devices are locked after this, and due marks last, as ingest locks them.
    """
    session.execute(select(ClinicRow.id).where(ClinicRow.id == clinic).with_for_update(key_share=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """A transaction, who writes, and when: `now` is civil time, `real_now` what expiries are counted in."""

    session: Session
    caller: Caller
    now: datetime
    real_now: datetime

    def leave_trail(self, action: str, subject: tuple[str, object], **detail: Any) -> None:  # noqa: ANN401 - JSON
        """Say in the trail that the caller did this; `subject` is its kind and its id."""
        kind, id_ = subject
        deed = Deed(
            clinic=self.caller.clinic,
            actor=self.caller.actor,
            action=action,
            subject_kind=kind,
            subject_id=str(id_),
            detail=detail,
        )
        leave_trail(self.session, deed, self.now)

    def announce(self, kind: ChangeKind, subject: object, patient: UUID | None = None) -> None:
        """Let screens know."""
        about = None if patient is None else PatientId(patient)
        change = Change(clinic=self.caller.clinic, kind=kind, subject_id=str(subject), patient=about)
        announce(self.session, change, self.now)
