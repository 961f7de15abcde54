"""Clinics with one of everything, as rows."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

from argon2 import PasswordHasher

from alerts.life import State
from monitor_api.http.callers import hash_of
from monitor_api.http.policy import Role
from monitor_api.records.attention import AlertRow, ChangeRow, FindingRow
from monitor_api.records.courses import ExcuseRow
from monitor_api.records.database import Database
from monitor_api.records.devices import AssignmentRow, DeviceRow, GatewayKeyRow, GatewayRow, QuarantineRow
from monitor_api.records.drafts import RegimenDraftRow
from monitor_api.records.key_wrap import KeyWrap
from monitor_api.records.orders import GuardStopRow, IncidentRow, OrderReportRow, SendingRow, WishRow
from monitor_api.records.people import ClinicRow, PatientRow, TokenRow, UserRow
from monitor_api.records.sessions import GapRow, RegimenRow, RegimenVersionRow, SessionRow
from monitor_api.records.shadows import ShadowRow
from monitor_api.records.trail import Actor, ActorKind, Deed, leave_trail
from monitor_api.telemetry.series import SeriesKey
from vocabulary.devices import DeviceState, Modality, Zone
from vocabulary.identity import ClinicId, DeviceUid, GatewayId, SessionId, session_id
from vocabulary.wire.batches import Columns, SampleBlock
from vocabulary.wire.keys import GatewayKey

NOW = datetime(2026, 3, 2, 20, tzinfo=UTC)
PASSWORD = "correct horse battery"
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
PASSWORD_HASH = CHEAP.hash(PASSWORD)
SECRET = bytes(range(32))
BODY = {
    "phases": [
        {
            "weeks": None,
            "timing": {"frequency": 3, "period_days": 7, "weekdays": []},
            "duration_s": 600.0,
            "dose": {"value": 4000.0, "unit": "J"},
        }
    ],
    "programmes": [],
    "zones": ["cheek left"],
    "limits": {
        "duration_s": 660.0,
        "dose": {"value": 4400.0, "unit": "J"},
        "skin_celsius": 42.5,
        "skin_grace_s": 2.0,
        "rest_s": 86400.0,
        "contact_grace_s": 15.0,
    },
    "caps": [{"window_s": 604800.0, "dose": {"value": 12000.0, "unit": "J"}, "band": None, "zone": "cheek left"}],
    "most_per_day": 1,
    "most_per_week": 3,
    "cem43": {"info_min": 1.0, "warn_min": 2.0, "alert_min": 5.0, "stop_min": 15.0},
    "phototypes": {"allowed": ["I", "II", "III", "IV"], "because": "cleared for these"},
}


@dataclass
class Tenant:
    """One clinic and one of everything in it; `other_patient` has things of their own kind too."""

    letter: str
    id: ClinicId = field(default_factory=lambda: ClinicId(uuid4()))
    patient: UUID = field(default_factory=uuid4)
    other_patient: UUID = field(default_factory=uuid4)
    users: dict[Role, UUID] = field(default_factory=lambda: {role: uuid4() for role in Role})
    token: UUID = field(default_factory=uuid4)
    regimen: UUID = field(default_factory=uuid4)
    draft: UUID = field(default_factory=uuid4)
    draft_to_sign: UUID = field(default_factory=uuid4)
    alert: UUID = field(default_factory=uuid4)
    finding: UUID = field(default_factory=uuid4)
    hold: UUID = field(default_factory=uuid4)
    excuse: UUID = field(default_factory=uuid4)
    shadow: UUID = field(default_factory=uuid4)
    quarantine: int = 0

    @property
    def gateway(self) -> GatewayId:
        return GatewayId(f"home-{self.letter}")

    @property
    def device(self) -> DeviceUid:
        return DeviceUid(f"00000000000000{ord(self.letter):02x}")

    @property
    def other_device(self) -> DeviceUid:
        return DeviceUid(f"01000000000000{ord(self.letter):02x}")

    @property
    def session(self) -> SessionId:
        return session_id(self.device, 1)

    def login(self, role: Role) -> str:
        return f"{role}@{self.letter}"

    def ids(self) -> set[str]:
        """Every id by which a stranger could learn that something is here."""
        people = (self.id, self.patient, self.other_patient, *self.users.values(), self.token)
        drafts = (self.draft, self.draft_to_sign)
        things = (self.regimen, self.hold, self.excuse, self.shadow, self.alert, self.finding)
        return {str(thing) for thing in (*people, *drafts, *things, self.gateway, self.device, self.session)}


def rows(tenant: Tenant) -> list[list[Any]]:
    """The rows of a clinic, those that others point to first."""
    at, clinic = NOW - timedelta(days=1), {"clinic_id": tenant.id}
    wrapped = KeyWrap(SECRET).wrap(tenant.gateway, GatewayKey(1, SECRET))
    patients = [
        PatientRow(
            id=one, **clinic, name=f"Patient {n} of {tenant.letter}", reference=f"P{n}", zone="UTC", created_at=at
        )
        for n, one in enumerate((tenant.patient, tenant.other_patient))
    ]
    users = [
        UserRow(
            id=id_,
            **clinic,
            login=tenant.login(role),
            name=f"{role} of {tenant.letter}",
            role=role,
            patient_id=tenant.patient if role is Role.PATIENT else None,
            password_hash=PASSWORD_HASH,
            created_at=at,
        )
        for role, id_ in tenant.users.items()
    ]
    devices = [
        DeviceRow(**clinic, uid=uid, gateway_id=tenant.gateway, heard_at=at, first_seen_at=at, **_said())
        for uid in (tenant.device, tenant.other_device)
    ]
    return [
        [ClinicRow(id=tenant.id, name=f"Clinic {tenant.letter}", zone="UTC")],
        [*patients, GatewayRow(id=tenant.gateway, **clinic, name="Home", registered_at=at, heard_at=at)],
        [*users, *devices, GatewayKeyRow(gateway_id=tenant.gateway, key_id=1, wrapped=wrapped, created_at=at)],
        [_assignment(tenant, at), _token(tenant), _session(tenant, at), _regimen(tenant, at), *_drafts(tenant, at)],
        [_version(tenant, at), _alert(tenant, at), _finding(tenant, at), _quarantined(tenant, at)],
        [GapRow(**clinic, session_id=tenant.session, first=100, last=101), _hold(tenant, at), _excuse(tenant, at)],
        [*_way_down(tenant, at), _shadow(tenant, at)],
        [ChangeRow(**clinic, at=at, kind="session", subject_id=str(tenant.session), patient_id=tenant.patient)],
    ]


def _said() -> dict[str, Any]:
    return {
        "family": "hets",
        "modality": "rf",
        "model": "Wand",
        "serial": "1",
        "firmware": "1.0",
        "features": ["records", "live"],
        "state": "ready",
        "faults": [],
        "battery_percent": 80,
        "state_at": NOW,
        "connected": True,
    }


def _assignment(tenant: Tenant, at: datetime) -> AssignmentRow:
    return AssignmentRow(
        id=uuid4(), clinic_id=tenant.id, device_uid=tenant.device, patient_id=tenant.patient, from_at=at
    )


def _token(tenant: Tenant) -> TokenRow:
    return TokenRow(
        id=tenant.token,
        clinic_id=tenant.id,
        name="machine",
        role="maker",
        token_hash=hash_of(f"lw_{tenant.letter}"),
        created_at=NOW,
        expires_at=NOW + timedelta(days=300),
    )


def _session(tenant: Tenant, at: datetime) -> SessionRow:
    return SessionRow(
        clinic_id=tenant.id,
        id=tenant.session,
        device_uid=tenant.device,
        counter=1,
        gateway_id=tenant.gateway,
        first_heard_at=at,
        heard_at=at,
        modality="rf",
        recorded=True,
        patient_id=tenant.patient,
        regimen_id=tenant.regimen,
        regimen_version=1,
        started_earliest=at,
        started_latest=at + timedelta(seconds=2),
        placed_by="an anchor on the device's timeline",
        active_s=598,
        dose_value=4100,
        dose_unit="J",
        end_reason="done",
        zones=["cheek left"],
        samples_stored=598,
        samples_missing=2,
        checked_at=at,
    )


def _regimen(tenant: Tenant, at: datetime) -> RegimenRow:
    return RegimenRow(id=tenant.regimen, clinic_id=tenant.id, patient_id=tenant.patient, modality="rf", created_at=at)


def _drafts(tenant: Tenant, at: datetime) -> list[RegimenDraftRow]:
    physician = tenant.users[Role.PHYSICIAN]
    return [
        RegimenDraftRow(
            id=one,
            clinic_id=tenant.id,
            patient_id=tenant.patient,
            modality="rf",
            body=BODY,
            revision=1,
            made_at=at,
            made_by=physician,
            changed_at=at,
            changed_by=physician,
        )
        for one in (tenant.draft, tenant.draft_to_sign)
    ]


def _version(tenant: Tenant, at: datetime) -> RegimenVersionRow:
    return RegimenVersionRow(
        regimen_id=tenant.regimen, version=1, from_at=at, prescriber_id=tenant.users[Role.PHYSICIAN], body=BODY
    )


def _alert(tenant: Tenant, at: datetime) -> AlertRow:
    return AlertRow(
        clinic_id=tenant.id,
        id=tenant.alert,
        patient_id=tenant.patient,
        device_uid=tenant.device,
        session_id=tenant.session,
        rule="too-hot",
        rule_version=1,
        severity="high",
        state=State.FIRING,
        because="Skin at 43.1 °C",
        event_at=at,
        raised_at=at,
        found_late=False,
    )


def _finding(tenant: Tenant, at: datetime) -> FindingRow:
    return FindingRow(
        clinic_id=tenant.id,
        id=tenant.finding,
        session_id=tenant.session,
        rule="too-hot",
        rule_version=1,
        severity="high",
        outcome="fires",
        because="Skin at 43.1 °C",
        evidence={"measured": {"value": 43.1, "unit": "Cel"}, "first_sample": 12},
        found_at=at,
    )


def _shadow(tenant: Tenant, at: datetime) -> ShadowRow:
    return ShadowRow(
        id=tenant.shadow,
        clinic_id=tenant.id,
        because="fewer calls?",
        candidate={"without": ["too-long"]},
        from_at=at,
        until_at=at + timedelta(days=90),
        started_by=tenant.users[Role.PHYSICIAN],
    )


def _excuse(tenant: Tenant, at: datetime) -> ExcuseRow:
    return ExcuseRow(
        id=tenant.excuse,
        clinic_id=tenant.id,
        patient_id=tenant.patient,
        from_at=at,
        until_at=at + timedelta(days=1),
        because=f"travels, {tenant.letter}",
        noted_by=tenant.users[Role.PHYSICIAN],
        noted_at=at,
        withdrawn_at=None,
    )


def _hold(tenant: Tenant, at: datetime) -> WishRow:
    return WishRow(
        id=tenant.hold,
        clinic_id=tenant.id,
        device_uid=tenant.device,
        kind="hold",
        revision=1,
        hold_id=tenant.hold,
        regimen_id=tenant.regimen,
        regimen_version=1,
        reason=f"a blister, says {tenant.letter}",
        actor_kind="user",
        actor_id=tenant.users[Role.PHYSICIAN],
        asked_at=at,
    )


def _way_down(tenant: Tenant, at: datetime) -> list[Any]:
    return [
        SendingRow(
            wish_id=tenant.hold, gateway_id=tenant.gateway, times=1, number=1, first_at=at, last_at=at, taken_at=at
        ),
        OrderReportRow(
            clinic_id=tenant.id, wish_id=tenant.hold, gateway_id=tenant.gateway, outcome="taken", at=at, detail=""
        ),
        GuardStopRow(
            clinic_id=tenant.id,
            session_id=tenant.session,
            rule="too-hot",
            shown_at=at,
            at=at,
            outcome="done",
            device_uid=tenant.device,
            gateway_id=tenant.gateway,
            because="Skin at 43.1 °C",
        ),
        IncidentRow(
            gateway_id=tenant.gateway,
            kind="disk failed",
            shown_at=at,
            clinic_id=tenant.id,
            at=at,
            until_at=at,
            detail=tenant.letter,
        ),
    ]


def _quarantined(tenant: Tenant, at: datetime) -> QuarantineRow:
    return QuarantineRow(
        clinic_id=tenant.id,
        gateway_id=tenant.gateway,
        topic=f"het/v1/gw/{tenant.gateway}/batch",
        part="batch",
        reason="seal",
        data=b"\x01\x02",
        digest=sha256(tenant.gateway.encode()).digest(),
        times=1,
        received_at=at,
        last_at=at,
    )


def fill(database: Database, tenants: list[Tenant]) -> None:
    """Store the clinics."""
    for tenant in tenants:
        with database.write() as session:
            for some in rows(tenant):
                session.add_all(some)
                session.flush()
                tenant.quarantine = next((row.id for row in some if isinstance(row, QuarantineRow)), tenant.quarantine)
            deed = Deed(
                clinic=tenant.id,
                actor=Actor(kind=ActorKind.CHECKER, id=None),
                action="began",
                subject_kind="clinic",
                subject_id=str(tenant.id),
            )
            leave_trail(session, deed, NOW)


def samples(tenant: Tenant, count: int = 600) -> tuple[SeriesKey, SampleBlock]:
    """A session's samples: warm skin, one hot sample, and one without contact."""
    skin: list[float | None] = [33.0] * count
    signs = [1] * count
    skin[317], signs[411] = 43.1, 0
    columns = Columns(
        active_s=list(range(count)), remaining_s=list(range(count, 0, -1)), signs=signs, skin_celsius=skin
    )
    block = SampleBlock(
        device=tenant.device,
        counter=1,
        modality=Modality.RF,
        state=DeviceState.EMITTING,
        first=0,
        received_at=NOW,
        columns=columns,
        zone=Zone.CHEEK_LEFT,
    )
    return SeriesKey(clinic=tenant.id, session=tenant.session), block
