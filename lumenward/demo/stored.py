"""What a demo's service has stored so far, read from its stores."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from gateway.outbox.peek import waiting_batches
from lumenward.demo.people import CLINIC
from lumenward.demo.world import World
from monitor_api.records.attention import AlertRow
from monitor_api.records.database import Database
from monitor_api.records.devices import QuarantineRow
from monitor_api.records.sessions import DueRow, RecordRow, SessionRow
from monitor_api.sessions.order import started_of
from monitor_api.telemetry.port import Telemetry
from monitor_api.telemetry.series import SeriesKey
from vocabulary.identity import ClinicId, SessionId
from vocabulary.instants import Placed


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSession:
    """One session: the bytes of all its records, how many samples are here, how many are known to be missing.

    `started`: when it began, as far as the service knows. `patient`: whose it is taken to be.
    """

    records: tuple[bytes, ...]
    samples: int
    missing: int
    conflict: str | None
    started: Placed | None
    patient: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAlert:
    """An alert, and the real time at which it was first seen in the store."""

    rule: str
    device: str
    session: int
    severity: str
    stored_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What is in the stores; `waiting` says what is still under way."""

    sessions: dict[tuple[str, int], StoredSession]
    alerts: tuple[StoredAlert, ...]
    quarantined: int
    waiting: tuple[str, ...]


@dataclass(slots=True)
class Watch:
    """Looks at the stores from outside, and remembers when it first saw each alert."""

    database: Database
    telemetry: Telemetry
    seen: dict[UUID, datetime] = field(default_factory=dict[UUID, datetime])

    def glance(self) -> None:
        """Note the alerts that are new; called many times a second, so that `stored_at` is true."""
        with self.database.read() as session:
            found = session.scalars(select(AlertRow.id)).all()
        now = datetime.now(UTC)
        for alert in found:
            self.seen.setdefault(alert, now)

    def look(self, world: World) -> Stored:
        """Read everything."""
        self.glance()
        with self.database.read() as session:
            rows = session.scalars(select(SessionRow)).all()
            sessions = {(row.device_uid, row.counter): self._session(session, row) for row in rows}
            counters = {row.id: row.counter for row in rows}
            alerts = tuple(
                self._alert(row, row.device_uid, counters[row.session_id])
                for row in session.scalars(select(AlertRow))
                if row.id in self.seen and row.device_uid is not None and row.session_id is not None
            )
            quarantined = session.scalar(select(func.count()).select_from(QuarantineRow)) or 0
            due = session.scalar(select(func.count()).select_from(DueRow)) or 0
        return Stored(sessions=sessions, alerts=alerts, quarantined=quarantined, waiting=tuple(_waiting(world, due)))

    def _session(self, session: Session, row: SessionRow) -> StoredSession:
        key = SeriesKey(clinic=ClinicId(CLINIC), session=SessionId(row.id))
        records = session.scalars(select(RecordRow.data).where(RecordRow.session_id == row.id)).all()
        return StoredSession(
            records=tuple(records),
            samples=self.telemetry.series(key).count,
            missing=row.samples_missing,
            conflict=row.conflict,
            started=started_of(row),
            patient=row.patient_id,
        )

    def _alert(self, row: AlertRow, device: str, counter: int) -> StoredAlert:
        return StoredAlert(
            rule=row.rule,
            device=device,
            session=counter,
            severity=row.severity,
            stored_at=self.seen[row.id],
        )


def _waiting(world: World, due: int) -> Iterator[str]:
    if due:
        yield f"{due} sessions are due for a check"
    for home in world.homes:
        waiting = waiting_batches(world.outbox(home))
        if waiting:
            yield f"{home.gateway}: {waiting} batches wait for a receipt"
