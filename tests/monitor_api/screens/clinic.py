"""A clinic built row by row, as a service would have filled it: patients, their devices, sessions, alerts."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import UUID, uuid4, uuid5

from argon2 import PasswordHasher
from sqlalchemy.orm import Session

from alerts.life import State
from clinical.regimen import Limits, Regimen
from monitor_api.courses.due import CourseKey
from monitor_api.courses.standing import stand
from monitor_api.courses.summaries import store_summaries
from monitor_api.http.callers import hash_of
from monitor_api.records.attention import AlertRow, ChangeRow, FindingRow
from monitor_api.records.columns import Table
from monitor_api.records.courses import CourseDueRow, CourseFindingRow, ExcuseRow, SkinRow
from monitor_api.records.database import Database
from monitor_api.records.devices import AssignmentRow, DeviceRow, GatewayRow, MarkRow, QuarantineRow
from monitor_api.records.people import ClinicRow, LoginRow, PatientRow, UserRow
from monitor_api.records.regimens import write_regimen
from monitor_api.records.sessions import GapRow, RegimenRow, RegimenVersionRow, SessionRow
from monitor_api.telemetry.series import SeriesKey
from monitor_api.telemetry.sqlite import SqliteTelemetry
from tests.regimens import weekly
from vocabulary.devices import DeviceState, Modality
from vocabulary.identity import ClinicId, DeviceUid, PatientId, RegimenId, SessionId, session_id
from vocabulary.quantities import Quantity, Unit
from vocabulary.wire.batches import Columns, SampleBlock

NOW = datetime(2026, 3, 4, 20, tzinfo=UTC)
"""A Wednesday evening."""

PASSWORD = "correct horse battery"
PASSWORD_HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)

UNITS = {Modality.LED: Unit.JOULE_PER_CM2, Modality.RF: Unit.JOULE}
DOSES = {Modality.LED: 18.0, Modality.RF: 1800.0}


@dataclass
class Clinic:
    """Adds rows, each call in a transaction of its own unless `filling` holds one open."""

    database: Database
    telemetry: SqliteTelemetry
    id: ClinicId = field(default_factory=lambda: ClinicId(uuid4()))
    name: str = "Clinic on the Quay"
    now: datetime = NOW
    open: Session | None = None
    numbers: count = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        self.gateway = f"home-{self.id.hex[:8]}"
        long_ago = self.now - timedelta(days=60)
        self.add(ClinicRow(id=self.id, name=self.name, zone="Europe/Zurich"))
        self.add(
            GatewayRow(
                id=self.gateway,
                clinic_id=self.id,
                name="Lindenweg 4",
                registered_at=long_ago,
                heard_at=self.now - timedelta(seconds=30),
            )
        )

    @contextmanager
    def filling(self) -> Iterator[None]:
        with self.database.write() as session:
            self.open = session
            yield
        self.open = None

    def add(self, row: Table) -> Table:
        if self.open is not None:
            self.open.add(row)
            self.open.flush()
            return row
        with self.database.write() as session:
            session.add(row)
        return row

    def announce(self, kind: str, subject: object, patient: UUID | None) -> None:
        self.add(ChangeRow(clinic_id=self.id, at=self.now, kind=kind, subject_id=str(subject), patient_id=patient))

    def patient(
        self, name: str = "Anna Lind", zone: str = "Europe/Zurich", reference: str | None = None, born: int = 1961
    ) -> UUID:
        id_, long_ago = uuid4(), self.now - timedelta(days=60)
        reference = reference or f"{next(self.numbers):05d}"
        self.add(
            PatientRow(
                id=id_, clinic_id=self.id, name=name, reference=reference, born=born, zone=zone, created_at=long_ago
            )
        )
        return id_

    def device(self, patient: UUID | None = None, modality: Modality = Modality.LED, **said) -> DeviceUid:
        """A device that nothing proves yet; `prove` says what it was asked."""
        uid = DeviceUid(f"{self.id.hex[:12]}{next(self.numbers):04x}")
        at = self.now - timedelta(minutes=2)
        words = {"model": "Glow 2", "serial": f"S{uid[-4:]}", "firmware": "1.0.2", "features": ["contact"]} | said
        long_ago = self.now - timedelta(days=60)
        self.add(
            DeviceRow(
                clinic_id=self.id,
                uid=uid,
                gateway_id=self.gateway,
                family="hets/1",
                modality=modality,
                heard_at=at,
                first_seen_at=long_ago,
                connected=True,
                **words,
            )
        )
        if patient:
            self.add(AssignmentRow(id=uuid4(), clinic_id=self.id, device_uid=uid, patient_id=patient, from_at=long_ago))
        return uid

    def prove(self, uid: DeviceUid, newest: int, at: datetime | None = None) -> None:
        """The device named its newest record at an instant."""
        at = at or self.now - timedelta(minutes=2)
        detail = {"newest": newest, "timeline": 1, "lockout": None, "faults": [], "battery_percent": 80}
        self.add(MarkRow(clinic_id=self.id, device_uid=uid, at=at, state="ready", detail=detail))
        with self.writing() as session:
            row = session.get_one(DeviceRow, (self.id, uid))
            row.state, row.faults, row.battery_percent, row.state_at = "ready", [], 80, at

    @contextmanager
    def writing(self) -> Iterator[Session]:
        if self.open is not None:
            yield self.open
            return
        with self.database.write() as session:
            yield session

    def regimen(self, patient: UUID, modality: Modality = Modality.LED, physician: UUID | None = None) -> RegimenId:
        """18 J/cm² five times a week, at most 19.8; or 1800 J three times, at most 2400."""
        id_, from_at = RegimenId(uuid4()), self.now - timedelta(days=50)
        led, dose = modality is Modality.LED, Quantity(DOSES[modality], UNITS[modality])
        regimen = Regimen(
            id=id_,
            version=1,
            modality=modality,
            phases=(weekly(5 if led else 3, timedelta(minutes=10 if led else 4), dose),),
            limits=Limits(
                duration=timedelta(minutes=11 if led else 5),
                dose=Quantity(19.8 if led else 2400.0, UNITS[modality]),
                skin_celsius=41.0 if led else 42.5,
                skin_grace=timedelta(seconds=10 if led else 2),
                rest=timedelta(hours=12),
                contact_grace=timedelta(seconds=30),
            ),
        )
        self.add(RegimenRow(id=id_, clinic_id=self.id, patient_id=patient, modality=modality, created_at=from_at))
        self.add(
            RegimenVersionRow(
                regimen_id=id_,
                version=1,
                from_at=from_at,
                prescriber_id=physician or UUID(int=5),
                body=write_regimen(regimen),
            )
        )
        return id_

    def session(self, patient: UUID | None, uid: DeviceUid, counter: int, began: datetime | None, **facts) -> SessionId:
        """A recorded LED session of ten minutes and the full dose, but for what is given."""
        id_ = session_id(uid, counter)
        modality = facts.get("modality", Modality.LED)
        placed = {"started_earliest": began, "started_latest": began, "placed_by": "seen as it happened"}
        values = {
            "modality": modality,
            "recorded": True,
            "planned_s": 600,
            "active_s": 600,
            "elapsed_s": 600,
            "dose_value": DOSES[modality],
            "dose_unit": UNITS[modality],
            "highest_skin_celsius": 35.2,
            "end_reason": "done",
            "zones": ["whole face"],
            "samples_stored": 600,
            "samples_missing": 0,
            "heard_at": (began or self.now) + timedelta(minutes=10),
            "first_heard_at": began or self.now - timedelta(days=1),
            "checked_at": (began or self.now) + timedelta(minutes=10),
            **(placed if began else {}),
            **facts,
        }
        self.add(
            SessionRow(
                clinic_id=self.id,
                id=id_,
                device_uid=uid,
                counter=counter,
                gateway_id=self.gateway,
                patient_id=patient,
                **values,
            )
        )
        return id_

    def samples(self, uid: DeviceUid, counter: int, modality: Modality = Modality.LED, first: int = 0, **columns):
        """Samples of a session, one a second; columns that are not given are as they should be."""
        many = len(next(iter(columns.values()))) if columns else 600
        numbers = range(first, first + many)
        led = modality is Modality.LED
        usual = {
            "active_s": [n + 1 for n in numbers],
            "remaining_s": [max(0, 599 - n) for n in numbers],
            "signs": [1] * many,
            "skin_celsius": [round(33 + min(n, 300) / 100, 2) for n in numbers],
            "irradiance_mw_per_cm2" if led else "rf_power_w": [30.0 if led else 8.0] * many,
            "fluence_j_per_cm2" if led else "rf_energy_j": [
                round((0.03 if led else 7.5) * (n + 1), 2) for n in numbers
            ],
        }
        block = SampleBlock(
            device=uid,
            counter=counter,
            modality=modality,
            state=DeviceState.EMITTING,
            first=first,
            received_at=self.now,
            columns=Columns(**(usual | columns)),
        )
        self.telemetry.append([(SeriesKey(clinic=self.id, session=session_id(uid, counter)), block)])

    def gap(self, session: SessionId, first: int, last: int) -> None:
        self.add(GapRow(clinic_id=self.id, session_id=session, first=first, last=last))

    def finding(self, session: SessionId, rule: str, severity: str, because: str, outcome: str = "fires", **evidence):
        self.add(
            FindingRow(
                clinic_id=self.id,
                id=uuid4(),
                session_id=session,
                rule=rule,
                rule_version=1,
                severity=severity,
                outcome=outcome,
                because=because,
                evidence=evidence,
                found_at=self.now,
            )
        )

    def alert(
        self, patient: UUID | None, uid: DeviceUid | None, session: SessionId | None, severity: str = "high", **said
    ) -> UUID:
        """An alert that nobody took on, and the change that tells of it."""
        rule = said.get("rule", {"high": "too-hot", "medium": "over-dose", "low": "not-worn"}[severity])
        id_ = uuid5(session or self.id, f"{rule}{patient}")
        values = {
            "rule": rule,
            "because": "Skin at 43.1 °C, above 42.5 °C for 12 s",
            "event_at": self.now - timedelta(minutes=13),
            "raised_at": self.now - timedelta(minutes=12),
            "found_late": False,
            "state": State.FIRING,
            **said,
        }
        self.add(
            AlertRow(
                clinic_id=self.id,
                id=id_,
                patient_id=patient,
                device_uid=uid,
                session_id=session,
                rule_version=1,
                severity=severity,
                **values,
            )
        )
        self.announce("alert", id_, patient)
        return id_

    def sum_up(self, *patients: UUID) -> None:
        """Keep what lists say of these patients' courses, as the checker does when it judges."""
        with self.writing() as session:
            for one in patients:
                key = CourseKey(self.id, PatientId(one))
                store_summaries(session, key, stand(session, key, self.now).account)
                later = self.now + timedelta(minutes=30)
                judged = {"due_at": later, "generation": 1, "judged_at": self.now}
                session.merge(CourseDueRow(clinic_id=self.id, patient_id=one, **judged))

    def weeks_showed(self, patient: UUID, because: str, began_days_ago: int, **said) -> UUID:
        """What a rule over weeks found; it goes on unless `cleared_at` says until when."""
        id_ = uuid4()
        values = {
            "rule": "silent-patient",
            "rule_version": 1,
            "severity": "medium",
            "episode": "e",
            "outcome": "fires",
            "evidence": {},
            "sessions": [],
            "cleared_at": None,
            **said,
        }
        at = self.now - timedelta(days=began_days_ago)
        self.add(
            CourseFindingRow(
                clinic_id=self.id,
                id=id_,
                patient_id=patient,
                because=because,
                began_at=at,
                found_at=at,
                **values,
            )
        )
        return id_

    def excuse(self, patient: UUID, from_days_ago: int, days: int, because: str, **said) -> UUID:
        id_, from_at = uuid4(), self.now - timedelta(days=from_days_ago)
        values = {"noted_by": UUID(int=5), "noted_at": from_at, "withdrawn_at": None, **said}
        until_at = from_at + timedelta(days=days)
        self.add(
            ExcuseRow(
                id=id_,
                clinic_id=self.id,
                patient_id=patient,
                from_at=from_at,
                until_at=until_at,
                because=because,
                **values,
            )
        )
        return id_

    def answered(self, patient: UUID, phototype: str | None, *, photosensitised: bool | None) -> None:
        self.add(
            SkinRow(
                clinic_id=self.id,
                patient_id=patient,
                asked_at=self.now - timedelta(days=20),
                asked_by=UUID(int=5),
                phototype=phototype,
                photosensitised=photosensitised,
            )
        )

    def gateway_name(self, name: str) -> None:
        with self.writing() as session:
            session.get_one(GatewayRow, self.gateway).name = name

    def refused(self, reason: str = "seal", part: str = "batch") -> None:
        at = self.now - timedelta(hours=3)
        self.add(
            QuarantineRow(
                digest=self.id.bytes + next(self.numbers).to_bytes(16, "big"),
                times=1,
                clinic_id=self.id,
                gateway_id=self.gateway,
                topic="t",
                part=part,
                reason=reason,
                data=b"\x01\x02",
                received_at=at,
                last_at=at,
            )
        )

    def user(self, role: str, name: str | None = None, patient: UUID | None = None) -> UUID:
        id_ = uuid4()
        self.add(
            UserRow(
                id=id_,
                clinic_id=self.id,
                login=f"{role}-{id_.hex[:8]}",
                name=name or f"The {role}",
                role=role,
                patient_id=patient,
                password_hash=PASSWORD_HASH,
                created_at=self.now - timedelta(days=60),
            )
        )
        return id_

    def log_in(self, user: UUID) -> str:
        """The cookie of a login in real time."""
        secret, real = uuid4().hex, datetime.now(UTC)
        self.add(
            LoginRow(
                token_hash=hash_of(secret),
                user_id=user,
                csrf_token=f"csrf-{secret}",
                created_at=real,
                expires_at=real + timedelta(hours=12),
            )
        )
        return secret
