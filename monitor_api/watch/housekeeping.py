"""What is dropped because it is over, or because there is very much of it; some at a time."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from monitor_api.records.attention import ChangeRow
from monitor_api.records.devices import QuarantineRow
from monitor_api.records.people import LoginRow
from monitor_api.records.trail import WATCH, Deed, leave_trail
from monitor_api.records.watching import PresenceRow, SilenceRow
from monitor_api.watch.turn import Turn
from vocabulary.identity import ClinicId

AT_ONCE: Final = 1000
"""Rows of a kind that one transaction drops, so that nobody waits long for it."""

CHANGES_KEPT: Final = timedelta(days=2)
"""How far back the change feed reaches; a page that is older looks at everything again."""

SILENCES_KEPT: Final = timedelta(days=90)
BATCHES_KEPT: Final = 1000
"""Refused batches kept of a gateway, and of all that is no known gateway's. Refused records are all kept."""

_RECORD: Final = "record"


def forget_logins(session: Session, turn: Turn) -> None:
    """Logins that are over."""
    _drop(session, LoginRow.token_hash, LoginRow.expires_at < turn.real)


def forget_changes(session: Session, turn: Turn) -> None:
    """Old changes, but the newest: it says how far the feed has come. With them who was there, and ended silences."""
    newest = session.scalar(select(func.max(ChangeRow.id))) or 0
    _drop(session, ChangeRow.id, ChangeRow.at < turn.civil - CHANGES_KEPT, ChangeRow.id < newest)
    session.execute(delete(PresenceRow).where(PresenceRow.seen_at < turn.real - CHANGES_KEPT))
    _drop(session, SilenceRow.id, SilenceRow.until_at < turn.real - SILENCES_KEPT)


def thin_quarantine(session: Session, turn: Turn) -> None:
    """The oldest refused batches of a gateway that has very many; the trail says how many went."""
    batches = QuarantineRow.part != _RECORD
    crowded = (
        select(QuarantineRow.clinic_id, QuarantineRow.gateway_id)
        .where(batches)
        .group_by(QuarantineRow.clinic_id, QuarantineRow.gateway_id)
        .having(func.count() > BATCHES_KEPT)
    )
    for clinic, gateway in session.execute(crowded).all():
        theirs = (batches, _same(QuarantineRow.clinic_id, clinic), _same(QuarantineRow.gateway_id, gateway))
        kept = select(QuarantineRow.id).where(*theirs).order_by(QuarantineRow.id.desc()).offset(BATCHES_KEPT).limit(1)
        dropped = _drop(session, QuarantineRow.id, *theirs, QuarantineRow.id <= kept.scalar_subquery())
        if clinic is not None:
            leave_trail(session, _thinned(clinic, gateway or "", dropped), turn.civil)


def _thinned(clinic: UUID, gateway: str, dropped: int) -> Deed:
    return Deed(
        clinic=ClinicId(clinic),
        actor=WATCH,
        action="quarantine thinned",
        subject_kind="gateway",
        subject_id=gateway,
        detail={"dropped": dropped},
    )


def _drop(session: Session, key: InstrumentedAttribute[Any], *which: ColumnElement[bool]) -> int:
    """Delete the first rows of a kind; how many those were."""
    some: Sequence[Any] = session.scalars(select(key).where(*which).order_by(key).limit(AT_ONCE)).all()
    if some:
        session.execute(delete(key.parent.class_).where(key.in_(some)))
    return len(some)


def _same(column: InstrumentedAttribute[Any], value: object) -> ColumnElement[bool]:
    return column.is_(None) if value is None else column == value
