"""Technical silence, from the rows that tell of it to the rows that say so."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from monitor_api.records.devices import GatewayKeyRow, GatewayRow
from monitor_api.records.people import ClinicRow
from monitor_api.records.presence import PART_SILENT_AFTER, SILENT_AFTER, Part
from monitor_api.records.trail import Change, ChangeKind, announce
from monitor_api.records.watching import PresenceRow, SilenceRow
from monitor_api.watch.silence import Heard, Present, Subject, Turns, decide
from monitor_api.watch.turn import Turn
from vocabulary.identity import ClinicId


def look_for_silence(session: Session, turn: Turn) -> None:
    """Note who fell silent and who is heard again, and announce both."""
    heard = _hear(session, turn)
    turns = decide(heard)
    for subject in turns.fell:
        session.add(_silence(session, subject, heard))
    for subject in turns.back:
        known = (SilenceRow.part == subject.part, SilenceRow.name == subject.name, SilenceRow.until_at.is_(None))
        session.execute(update(SilenceRow).where(*known).values(until_at=turn.real))
    _announce(session, turns, turn.civil)


def _hear(session: Session, turn: Turn) -> Heard:
    open_silences = select(SilenceRow.part, SilenceRow.name).where(SilenceRow.until_at.is_(None))
    return Heard(
        now=turn.real,
        leading_since=turn.leading_since,
        present=_present(session, turn.real),
        overdue=frozenset(_overdue(session, turn.real)),
        silent=frozenset(Subject(part=Part(part), name=name) for part, name in session.execute(open_silences)),
    )


def _present(session: Session, now: datetime) -> dict[Part, Present]:
    """Of each part the worker that was there last; of those that are there still the one that has been longest."""
    found: dict[Part, Present] = {}
    for row in session.scalars(select(PresenceRow).order_by(PresenceRow.seen_at)):
        seen = Present(since=row.since_at, seen=row.seen_at)
        before = found.get(Part(row.part))
        if before is not None and now - before.seen <= PART_SILENT_AFTER:
            seen = Present(since=min(before.since, seen.since), seen=seen.seen)
        found[Part(row.part)] = seen
    return found


def _overdue(session: Session, now: datetime) -> Iterable[Subject]:
    """The gateways that should have been heard; one whose keys are all retired cannot be."""
    has_key = exists().where(GatewayKeyRow.gateway_id == GatewayRow.id, GatewayKeyRow.retired_at.is_(None))
    overdue = select(GatewayRow.id).where(GatewayRow.expected_by < now, has_key)
    return (Subject(part=Part.GATEWAY, name=name) for name in session.scalars(overdue))


def _silence(session: Session, subject: Subject, heard: Heard) -> SilenceRow:
    if subject.part is Part.GATEWAY:
        gateway = session.get_one(GatewayRow, subject.name)
        since = (gateway.expected_by or heard.now) - SILENT_AFTER
        clinic = gateway.clinic_id
    else:
        present = heard.present.get(subject.part)
        since, clinic = present.seen if present else heard.leading_since, None
    return SilenceRow(
        clinic_id=clinic, part=subject.part, name=subject.name, since_at=since, found_at=heard.now, until_at=None
    )


def _announce(session: Session, turns: Turns, now: datetime) -> None:
    for subject in (*turns.fell, *turns.back):
        if subject.part is Part.GATEWAY:
            clinic = ClinicId(session.get_one(GatewayRow, subject.name).clinic_id)
            announce(session, Change(clinic=clinic, kind=ChangeKind.GATEWAY, subject_id=subject.name), now)
        else:
            for clinic_id in session.scalars(select(ClinicRow.id)).all():
                change = Change(clinic=ClinicId(clinic_id), kind=ChangeKind.SERVICE, subject_id=subject.name)
                announce(session, change, now)
