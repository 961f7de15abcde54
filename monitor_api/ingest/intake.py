"""Take a group of batches: samples to telemetry, then everything else in one transaction of the records store.

Rules, kept here:
- Points first: when the register says a batch is taken, its samples are on disk.
- The register, the items and the due marks are one transaction: a crash leaves all of them or none.
- The register is written first, and shows at once whether a number was taken before: only then is anybody asked which.
- A batch that is registered already changes nothing and is receipted again. Another batch under a registered
  number is taken by the identity of its items, and leaves a trail.
"""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor_api.clock import Clocks
from monitor_api.courses.due import CourseKey, mark_course_due
from monitor_api.ingest import rows
from monitor_api.ingest.group import gather, sample_blocks
from monitor_api.ingest.hours import our_time, retimed_sessions, store_clocks
from monitor_api.ingest.identities import news_for_courses
from monitor_api.ingest.named import store_named
from monitor_api.ingest.opening import Opened
from monitor_api.ingest.reports import store_reports
from monitor_api.ingest.storing import store_devices, store_records, store_sessions, touched_sessions
from monitor_api.records.among import among
from monitor_api.records.database import Database
from monitor_api.records.devices import AnchorRow, BatchRow, MarkRow
from monitor_api.records.presence import note_heard
from monitor_api.records.sessions import GapRow
from monitor_api.records.trail import INGEST, Deed, leave_trail
from monitor_api.records.upsert import insert_new
from monitor_api.sessions.due import mark_due
from monitor_api.telemetry.port import Telemetry
from monitor_api.telemetry.series import SeriesKey

Name = tuple[str, str, int]


class Intake:
    """Stores groups of batches in both stores, in the order that makes a receipt true."""

    def __init__(self, database: Database, telemetry: Telemetry, clocks: Clocks) -> None:
        self._database, self._telemetry, self._clocks = database, telemetry, clocks

    def take(self, batches: Sequence[Opened]) -> None:
        """Store a group; when this returns, every batch of it may be receipted. All or nothing."""
        batches = sorted(batches, key=_gateway_of)  # neighbours in the stores are written together, and locked in order
        self._telemetry.append(list(sample_blocks(batches)))
        try:
            with self._database.write() as session:
                self._note_heard(session, batches)
                _register(session, batches)
                self._store_items(session, batches)
        except _TakenBefore:
            self._take_again(batches)

    def _take_again(self, batches: Sequence[Opened]) -> None:
        """Store a group that has numbers which were taken before: what is new of it."""
        with self._database.write() as session:
            self._note_heard(session, batches)
            known = _known_tags(session, batches)
            fresh = [batch for batch in batches if known.get(_name(batch)) != batch.tag]
            for batch in fresh:
                if _name(batch) in known:
                    self._leave_trail(session, batch)
            insert_new(session, BatchRow, rows.batch_rows(fresh))
            self._store_items(session, fresh)

    def _store_items(self, session: Session, batches: Sequence[Opened]) -> None:
        now, group = self._clocks.civil(), gather(batches)
        telling = group.telling
        store_clocks(session, group, now)
        ours = our_time(session, group, now)
        store_devices(session, group, now, ours)
        store_sessions(session, group, ours)
        recorded, touched, courses = set[SeriesKey](), set[SeriesKey](), set[CourseKey]()
        if telling:
            insert_new(session, GapRow, rows.gap_rows(telling))
            insert_new(session, AnchorRow, rows.anchor_rows(telling, ours))
            marks = rows.mark_rows(telling, ours)
            insert_new(session, MarkRow, marks)
            store_named(session, marks)
            store_reports(session, telling, now, ours)
            recorded = store_records(session, telling, now, ours)
            touched = touched_sessions(session, telling, ours) | retimed_sessions(session, telling)
            courses = news_for_courses(session, telling, ours)
        # Due marks come last, as everybody locks them: of courses, then of sessions.
        mark_course_due(session, courses, now)
        mark_due(session, {one.key for one in group.heard} | recorded | touched, now)

    def _note_heard(self, session: Session, batches: Sequence[Opened]) -> None:
        note_heard(session, {batch.origin.gateway for batch in batches}, self._clocks.wall())

    def _leave_trail(self, session: Session, batch: Opened) -> None:
        deed = Deed(
            clinic=batch.origin.clinic,
            actor=INGEST,
            action="batch number reused",
            subject_kind="gateway",
            subject_id=batch.origin.gateway,
            detail={"epoch": f"{batch.header.epoch:016x}", "number": batch.header.number, "tag": batch.tag},
        )
        leave_trail(session, deed, self._clocks.civil())


class _TakenBefore(Exception):
    """Some batches of a group have names that are registered already."""


def _register(session: Session, batches: Sequence[Opened]) -> None:
    """Register a group that is all new, as nearly all are. Raises _TakenBefore."""
    if insert_new(session, BatchRow, rows.batch_rows(batches)) < len(batches):
        raise _TakenBefore


def _known_tags(session: Session, batches: Sequence[Opened]) -> dict[Name, str]:
    """The tags under which names of this group are registered already."""
    name = (BatchRow.gateway_id, BatchRow.epoch, BatchRow.number)
    found = among(session, select(*name, BatchRow.tag), name, map(_name, batches))
    return {(gateway, epoch, number): tag for gateway, epoch, number, tag in found}


def _gateway_of(batch: Opened) -> str:
    return batch.origin.gateway


def _name(batch: Opened) -> Name:
    return (batch.origin.gateway, f"{batch.header.epoch:016x}", batch.header.number)
