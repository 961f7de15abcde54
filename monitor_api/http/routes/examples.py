"""One clinic of made-up people, for the examples in the API's description; checked like any other code."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar
from uuid import UUID

from alerts.life import State
from clinical.misuse.heat import too_hot
from clinical.regimen.changes import FieldChange
from clinical.regimen.fhir import to_fhir
from clinical.regimen.life import Life, Stage, Step, Taken
from clinical.verdicts import Outcome
from monitor_api.http.deeds.users import MadeToken
from monitor_api.http.drafts import DraftBody
from monitor_api.http.paging import Page
from monitor_api.http.policy import Role
from monitor_api.http.prescriptions import EXAMPLE, PrescriptionBody
from monitor_api.http.queries.alerts import SeenAcknowledgement, SeenAlert
from monitor_api.http.queries.clinics import Clinic
from monitor_api.http.queries.devices import Assigned, Device, Link, ReportedState
from monitor_api.http.queries.drafts import Followed, SeenDraft
from monitor_api.http.queries.gateways import Gateway, SeenIncident, SeenKey
from monitor_api.http.queries.ledgers import DeviceLedger
from monitor_api.http.queries.orders import DeviceOrders, SeenOrder, SeenReport, SeenSending, Standing
from monitor_api.http.queries.patients import Patient
from monitor_api.http.queries.practices import seen_practice
from monitor_api.http.queries.regimens import (
    Difference,
    RegimenDetail,
    SeenRegimen,
    SeenSignature,
    SeenVersion,
)
from monitor_api.http.queries.samples import MissingRun, SessionSamples, StateRun
from monitor_api.http.queries.sessions import (
    HeldAgainst,
    SeenEvidence,
    SeenFinding,
    SeenGap,
    SeenGuardStop,
    SessionDetail,
    SessionSummary,
    Started,
)
from monitor_api.http.queries.templates import seen_templates
from monitor_api.http.queries.upkeep import (
    AuditEntry,
    GatewayAge,
    Health,
    Quarantined,
    QuarantineDetail,
    SeenSilence,
    StoreSizes,
)
from monitor_api.http.queries.users import Token, User
from monitor_api.orders.asking import WishKind
from monitor_api.records.practices import PracticeRow
from monitor_api.records.presence import Part
from monitor_api.records.signing import Proof
from monitor_api.records.trail import ActorKind
from monitor_api.sessions.ledger import MissingSessions, RecordRange
from vocabulary.devices import DeviceState, Feature, Modality, Zone
from vocabulary.identity import (
    AlertId,
    ClinicId,
    DeviceUid,
    GatewayId,
    PatientId,
    RegimenId,
    UserId,
    finding_id,
    session_id,
)
from vocabulary.instants import Known
from vocabulary.quantities import Quantity, Unit
from vocabulary.readings import EndReason
from vocabulary.severity import Severity
from vocabulary.wire.batches import IncidentKind, OrderOutcome

T = TypeVar("T")

AT: Final = datetime(2026, 3, 2, 19, 30, tzinfo=UTC)
_DEVICE: Final = DeviceUid("0011223344556677")
_GATEWAY: Final = GatewayId("home-1")
_SESSION: Final = session_id(_DEVICE, 41)


def _id(number: int) -> UUID:
    return UUID(int=number, version=4)


def page(item: T) -> Page[T]:
    """A page of one."""
    return Page(items=(item,), next="WyIyMDI2LTAzLTAyIl0")


CLINIC: Final = Clinic(id=ClinicId(_id(1)), name="Skin clinic by the lake", zone="Europe/Berlin")
PATIENT: Final = Patient(
    id=PatientId(_id(2)), name="Ada Example", reference="P-1041", born=1968, zone="Europe/Berlin", created_at=AT
)
USER: Final = User(
    id=UserId(_id(3)),
    login="dr.example",
    name="Dr Eve Example",
    role=Role.PHYSICIAN,
    patient_id=None,
    created_at=AT,
    disabled_at=None,
)
TOKEN: Final = Token(
    id=_id(4),
    name="export",
    role=Role.MAKER,
    created_at=AT,
    expires_at=AT + timedelta(days=90),
    revoked_at=None,
)
MADE_TOKEN: Final = MadeToken(token=TOKEN, secret="lw_shown-this-once")  # noqa: S106 - an example
GATEWAY: Final = Gateway(
    id=_GATEWAY,
    name="Home 1",
    registered_at=AT,
    heard_at=AT,
    keys=(SeenKey(key_id=1, created_at=AT, retired_at=None),),
)
DEVICE: Final = Device(
    uid=_DEVICE,
    gateway_id=_GATEWAY,
    family="hets",
    modality=Modality.RF,
    model="Warm Wand 2",
    serial="WW2-000417",
    firmware="1.4.2",
    features=(Feature.RECORDS, Feature.LIVE, Feature.SKIN_TEMPERATURE, Feature.CONTACT),
    first_seen_at=AT,
    reported=ReportedState(state=DeviceState.READY, lockout=None, faults=(), battery_percent=81, at=AT),
    link=Link(connected=True, device_heard_at=AT, gateway_heard_at=AT, messages_lost=0),
    assignment=Assigned(patient_id=PATIENT.id, from_at=AT),
    dose_uncertainty_fraction=0.1,
    skin_uncertainty_celsius=0.5,
    calibration_source="Calorimeter and thermocouple, clinic laboratory, 2026-02-11",
)
INCIDENT: Final = SeenIncident(
    gateway_id=_GATEWAY,
    kind=IncidentKind.OUTBOX_FULL,
    at=AT,
    until_at=AT + timedelta(minutes=40),
    detail="1,200 samples were dropped, the oldest first",
)
STOP: Final = SeenOrder(
    id=_id(9),
    device_uid=_DEVICE,
    kind=WishKind.STOP,
    reason="Skin at 42.6 °C",
    actor_kind=ActorKind.USER,
    by=USER.name,
    asked_at=AT,
    until_at=AT + timedelta(seconds=60),
    gateway_id=None,
    standing=Standing.DONE,
    sendings=(
        SeenSending(gateway_id=_GATEWAY, times=1, first_at=AT, last_at=AT, taken_at=AT + timedelta(milliseconds=120)),
    ),
    reports=(
        SeenReport(gateway_id=_GATEWAY, outcome=OrderOutcome.DONE, at=AT + timedelta(milliseconds=640), detail=""),
    ),
)
HOLD: Final = replace(
    STOP,
    id=_id(10),
    kind=WishKind.HOLD,
    reason="A blister on the left cheek; see her first",
    until_at=None,
    gateway_id=_GATEWAY,
    standing=Standing.TAKEN,
    reports=(),
)
LIFT: Final = replace(HOLD, id=_id(11), kind=WishKind.LIFT, reason="Healed", standing=Standing.SENT)
ORDERS: Final = DeviceOrders(
    uid=_DEVICE,
    as_of=AT + timedelta(minutes=1),
    hold=HOLD,
    limits=HeldAgainst(regimen_id=RegimenId(_id(5)), version=2),
    orders=(HOLD, STOP),
)
LEDGER: Final = DeviceLedger(
    uid=_DEVICE,
    newest=41,
    asked_at=AT,
    ranges=(RecordRange(epoch=None, first=1, last=38), RecordRange(epoch=None, first=40, last=41)),
    missing=(
        MissingSessions(epoch=None, first=39, last=39, after=AT - timedelta(days=3), before=AT - timedelta(days=1)),
    ),
)
SUMMARY: Final = SessionSummary(
    id=_SESSION,
    device_uid=_DEVICE,
    counter=41,
    modality=Modality.RF,
    patient_id=PATIENT.id,
    regimen=HeldAgainst(regimen_id=RegimenId(_id(5)), version=2),
    started=Started(earliest=AT, latest=AT + timedelta(seconds=1), known_by=Known.ANCHOR),
    first_heard_at=AT + timedelta(seconds=1),
    heard_at=AT + timedelta(minutes=10),
    recorded=True,
    planned_s=600,
    active_s=598,
    elapsed_s=598,
    dose=Quantity(4210, Unit.JOULE),
    highest_skin_celsius=43.1,
    end_reason=EndReason.DONE,
    program=2,
    zones=(Zone.CHEEK_LEFT,),
    samples_stored=596,
    samples_missing=2,
    conflict=None,
    checked_at=AT + timedelta(minutes=11),
)
FINDING: Final = SeenFinding(
    id=finding_id(too_hot.id, _SESSION, str(_SESSION)),
    rule=too_hot.id,
    rule_version=too_hot.version,
    title=too_hot.title,
    severity=Severity.HIGH,
    outcome=Outcome.FIRES,
    because="Skin at 43.1 °C, above 42.5 °C for 4 s",
    evidence=SeenEvidence(
        measured=Quantity(43.1, Unit.CELSIUS),
        limit=Quantity(42.5, Unit.CELSIUS),
        uncertainty=None,
        first_sample=210,
        last_sample=214,
    ),
    found_at=AT + timedelta(minutes=4),
)
GUARD_STOP: Final = SeenGuardStop(
    rule=too_hot.id, because=FINDING.because, at=AT + timedelta(minutes=4), outcome=OrderOutcome.DONE
)
SESSION: Final = SessionDetail(
    session=SUMMARY, findings=(FINDING,), gaps=(SeenGap(first=300, last=301),), guard_stops=(GUARD_STOP,)
)
SAMPLES: Final = SessionSamples(
    session_id=_SESSION,
    stored=596,
    shown=3,
    clashes=0,
    columns={
        "sequence": (0, 212, 597),
        "active_s": (0, 212, 597),
        "signs": (1, 1, 0),
        "skin_celsius": (33.2, 43.1, 40.0),
    },
    states=(StateRun(first=0, last=597, state=DeviceState.EMITTING, zone=Zone.CHEEK_LEFT),),
    missing=(MissingRun(first=300, last=301),),
)
_PRESCRIPTION: Final = PrescriptionBody.model_validate(EXAMPLE)
_VERSION: Final = SeenVersion(
    version=2,
    from_at=AT,
    prescriber_id=USER.id,
    prescription=_PRESCRIPTION,
    timings=tuple(to_fhir(one) for one in _PRESCRIPTION.prescription(Modality.LED).phases),
    signature=SeenSignature(proof=Proof.VALID, key_id="0f1e2d3c4b5a6978", signed_at=AT),
    life=Life(
        stage=Stage.IN_FORCE,
        since=AT,
        steps=(
            Taken(step=Step.SIGNED, at=AT, by=USER.id, because=""),
            Taken(step=Step.BEGAN, at=AT, by=None, because=""),
        ),
    ),
)
REGIMEN: Final = SeenRegimen(
    id=RegimenId(_id(5)),
    patient_id=PATIENT.id,
    modality=Modality.LED,
    created_at=AT,
    ended_at=None,
    stage=Stage.IN_FORCE,
    since=AT,
    newest=_VERSION,
)
DIFFERENCE: Final = Difference(
    old=1,
    new=2,
    changes=(FieldChange(field="phases.0.timing.frequency", old=5, new=3, words="Phase 1, sessions: 5 → 3"),),
)
DRAFT: Final = SeenDraft(
    id=_id(12),
    patient_id=PATIENT.id,
    modality=Modality.LED,
    template=None,
    prescription=DraftBody.model_validate(EXAMPLE | {"most_per_day": 0}),
    reasons={"most_per_day": "expected at least 1"},
    follows=Followed(regimen_id=REGIMEN.id, version=2),
    changes=(FieldChange(field="most_per_day", old=1, new=0, words="Sessions at most in 24 hours: 1 → 0"),),
    revision=3,
    made_at=AT,
    made_by=USER.id,
    changed_at=AT + timedelta(minutes=4),
    changed_by=USER.id,
)
TEMPLATES: Final = seen_templates()[:1]
PRACTICE: Final = seen_practice(
    [PracticeRow(version=1, figures={"taken_fraction": 0.75}, from_at=AT, decided_by=USER.id)]
)
REGIMEN_DETAIL: Final = RegimenDetail(regimen=REGIMEN, versions=(_VERSION,))
ALERT: Final = SeenAlert(
    id=AlertId(_id(6)),
    patient_id=PATIENT.id,
    device_uid=_DEVICE,
    session_id=_SESSION,
    rule=too_hot.id,
    rule_version=too_hot.version,
    title=too_hot.title,
    explanation=too_hot.explanation,
    severity=Severity.HIGH,
    state=State.ACKNOWLEDGED,
    because=FINDING.because,
    event_at=AT + timedelta(minutes=4),
    raised_at=AT + timedelta(minutes=4),
    found_late=False,
    acknowledgement=SeenAcknowledgement(by=USER.id, name=USER.name, at=AT + timedelta(minutes=6)),
)
QUARANTINED: Final = Quarantined(
    id=7,
    gateway_id=_GATEWAY,
    topic="het/v1/gw/home-1/batch",
    part="batch",
    reason="seal: another key, another topic, or changed bytes",
    size_bytes=412,
    received_at=AT,
    times=1,
    last_at=AT,
)
QUARANTINE_DETAIL: Final = QuarantineDetail(entry=QUARANTINED, data="AQEAAAAB")
AUDIT: Final = AuditEntry(
    id=8,
    at=AT,
    actor_kind=ActorKind.USER,
    actor_id=USER.id,
    action="regimen prescribed",
    subject_kind="regimen",
    subject_id=str(REGIMEN.id),
    detail={"version": 2},
)
HEALTH: Final = Health(
    as_of=AT,
    gateways=(GatewayAge(id=_GATEWAY, heard_at=AT),),
    silent=(SeenSilence(part=Part.GATEWAY, name=_GATEWAY, since=AT),),
    checks_due=0,
    oldest_due_at=None,
    quarantined=1,
    stores=StoreSizes(records_bytes=1048576, telemetry_bytes=4194304, snapshot_as_of=AT - timedelta(hours=17)),
)
