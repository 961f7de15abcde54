"""Every write leaves its trail, tells the screens, and is done once however often it is sent."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from monitor_api.http.policy import Role
from monitor_api.records.attention import AuditRow, ChangeRow
from monitor_api.records.people import IdempotencyRow, PatientRow, TokenRow
from tests.monitor_api.http.calls import bodies, call_with_own, operations, version
from tests.monitor_api.http.table import who_may
from tests.monitor_api.http.world import SECRET_TEXT, Client, World, problem

PATIENT = {"name": "Ada Example", "reference": "P9", "zone": "UTC"}
CREATING = (
    "add_patient",
    "add_user",
    "make_token",
    "register_gateway",
    "add_gateway_key",
    "prescribe_regimen",
    "start_shadow",
    "stop_device",
    "hold_device",
    "lift_hold",
)
ANNOUNCED = {
    "add_patient": {"patient"},
    "put_assignment": {"device"},
    "prescribe_regimen": {"regimen"},
    "put_regimen": {"regimen", "device"},
    "end_regimen": {"regimen", "device"},
    "step_regimen": {"regimen"},
    "make_draft": {"draft"},
    "put_draft": {"draft"},
    "sign_draft": {"draft", "regimen", "device"},
    "discard_draft": {"draft"},
    "acknowledge": {"alert"},
    "put_practice": {"practice"},
    "start_shadow": {"shadow"},
    "end_shadow": {"shadow"},
    "stop_device": {"device"},
    "hold_device": {"device"},
    "lift_hold": {"device"},
    "note_excuse": {"patient"},
    "withdraw_excuse": {"patient"},
    "put_skin": {"patient"},
    "put_outputs": {"device"},
}


def rows(world: World, table: type[Any]) -> list[Any]:
    with world.database.read() as session:
        return list(session.scalars(select(table).order_by(table.id)))


def writes(world: World) -> list[Any]:
    return [one for one in operations(world) if one.writes]


def test_every_write_leaves_its_audit_row_with_who_did_it(world: World):
    for operation in writes(world):
        role = who_may(operation.id)
        before = len(rows(world, AuditRow))
        answer = call_with_own(world.browser(role), operation, world.a, tag=operation.id.replace("_", "-"))
        assert answer.status_code < 300, (operation.id, answer.text)
        new = rows(world, AuditRow)[before:]
        expected = {("user", world.a.users[role], world.a.id)}
        assert {(row.actor_kind, row.actor_id, row.clinic_id) for row in new} == expected, operation.id


def test_no_audit_row_holds_a_secret(world: World):
    for operation in writes(world):
        call_with_own(world.browser(who_may(operation.id)), operation, world.a, tag=operation.id.replace("_", "-"))
    text = " ".join(str((row.action, row.subject_id, row.detail)) for row in rows(world, AuditRow))
    assert [secret for secret in (SECRET_TEXT, "long enough, surely", "correct horse", "lw_") if secret in text] == []


def test_a_write_tells_the_screens_what_changed(world: World):
    for operation in writes(world):
        before = len(rows(world, ChangeRow))
        call_with_own(world.browser(who_may(operation.id)), operation, world.a, tag=operation.id.replace("_", "-"))
        kinds = {row.kind for row in rows(world, ChangeRow)[before:]}
        assert kinds == ANNOUNCED.get(operation.id, set()), operation.id


def test_a_write_that_is_refused_leaves_nothing(world: World, physician: Client):
    before = len(rows(world, AuditRow)), len(rows(world, ChangeRow))
    led = bodies(world.a.patient)["prescribe_regimen"]
    assert physician.post("/api/v1/regimens", json={**led, "most_per_day": 0}).status_code == 422
    assert (len(rows(world, AuditRow)), len(rows(world, ChangeRow))) == before


@pytest.mark.parametrize("operation_id", CREATING)
def test_a_repeated_creation_creates_once_and_answers_as_before(world: World, operation_id: str):
    [operation] = [one for one in operations(world) if one.id == operation_id]
    client = world.browser(who_may(operation_id))
    client.http.headers["Idempotency-Key"] = "key-1"
    first = call_with_own(client, operation, world.a)
    audited = len(rows(world, AuditRow))
    again = call_with_own(client, operation, world.a)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.headers["location"] == again.headers["location"]
    assert len(rows(world, AuditRow)) == audited
    if operation_id != "make_token":
        assert first.content == again.content


def test_a_tokens_secret_is_not_kept_for_repetitions(world: World, operator: Client):
    headers = {"Idempotency-Key": "key-1"}
    first = operator.post("/api/v1/tokens", json={"name": "t", "role": "maker"}, headers=headers).json()
    again = operator.post("/api/v1/tokens", json={"name": "t", "role": "maker"}, headers=headers).json()
    assert (first["token"], again["secret"]) == (again["token"], None)
    assert len([row for row in rows(world, TokenRow) if row.name == "t"]) == 1
    with world.database.read() as session:
        [kept] = session.scalars(select(IdempotencyRow))
    assert first["secret"].encode() not in kept.answer


@pytest.mark.parametrize(
    ("path", "body", "other"),
    [
        ("patients", PATIENT, {**PATIENT, "name": "Eve"}),
        ("gateways", {"id": "g", "name": "G", "key_id": 1, "key": SECRET_TEXT}, {"key": SECRET_TEXT[::-1][1:] + "="}),
        (
            "users",
            {"login": "u", "name": "U", "role": "maker", "password": "long enough 1"},
            {"password": "long enough 2"},
        ),
    ],
)
def test_another_request_under_the_same_key_is_refused(operator: Client, path: str, body, other):
    headers = {"Idempotency-Key": "key-1"}
    assert operator.post(f"/api/v1/{path}", json=body, headers=headers).status_code == 201
    answer = operator.post(f"/api/v1/{path}", json={**body, **other}, headers=headers)
    assert (answer.status_code, problem(answer)["reasons"].keys()) == (422, {"header.idempotency-key"})


def test_a_key_belongs_to_its_caller(operator: Client, physician: Client):
    headers = {"Idempotency-Key": "key-1"}
    made = [
        client.post("/api/v1/patients", json=PATIENT, headers=headers).json()["id"] for client in (operator, physician)
    ]
    assert made[0] != made[1]


def test_a_key_is_forgotten_after_a_day(world: World, operator: Client):
    first = operator.post("/api/v1/patients", json=PATIENT, headers={"Idempotency-Key": "key-1"}).json()
    world.hands.wall += timedelta(days=1, minutes=1)
    operator = world.browser(Role.OPERATOR)
    operator.post("/api/v1/patients", json=PATIENT, headers={"Idempotency-Key": "key-2"})
    again = operator.post("/api/v1/patients", json=PATIENT, headers={"Idempotency-Key": "key-1"}).json()
    assert again["id"] != first["id"]


def test_a_refused_creation_is_not_remembered(world: World, physician: Client):
    headers = {"Idempotency-Key": "key-1"}
    rf = bodies(world.a.patient)["prescribe_regimen"] | version(1, "J") | {"modality": "rf"}
    assert physician.post("/api/v1/regimens", json=rf, headers=headers).status_code == 409
    physician.post(f"/api/v1/regimens/{world.a.regimen}/end", headers={"If-Match": "*"})
    assert physician.post("/api/v1/regimens", json=rf, headers=headers).status_code == 201


def test_the_same_creation_sent_many_times_at_once_creates_once(world: World, operator: Client):
    headers = {"Idempotency-Key": "key-1"}

    async def at_once():
        return await asyncio.gather(
            *(operator.http.post("/api/v1/patients", json=PATIENT, headers=headers) for _ in range(8))
        )

    answers = world.runner.run(at_once())
    assert {(answer.status_code, answer.content) for answer in answers} == {(201, answers[0].content)}
    with world.database.read() as session:
        assert session.scalar(select(func.count()).select_from(PatientRow).where(PatientRow.reference == "P9")) == 1


def test_reading_a_patient_leaves_one_entry_an_hour_for_each_who_reads(world: World, physician: Client):
    def reads() -> list[AuditRow]:
        return [row for row in rows(world, AuditRow) if row.action == "read"]

    paths = [f"patients/{world.a.patient}", f"sessions/{world.a.session}", f"sessions/{world.a.session}/samples"]
    for path in paths * 2:
        physician.get(f"/api/v1/{path}")
    [entry] = reads()
    assert (entry.actor_id, entry.subject_id) == (world.a.users[Role.PHYSICIAN], str(world.a.patient))
    world.machine("lw_a").get(f"/api/v1/sessions/{world.a.session}")
    world.hands.civil += timedelta(minutes=61)
    physician.get(f"/api/v1/patients/{world.a.patient}")
    assert [row.actor_kind for row in reads()] == ["user", "token", "user"]


def test_a_patient_who_reads_their_own_data_leaves_no_entry(world: World, patient: Client):
    patient.get(f"/api/v1/sessions/{world.a.session}")
    assert [row for row in rows(world, AuditRow) if row.action == "read"] == []
