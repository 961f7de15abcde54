"""Devices: how old what is known of each is, and whose each is from when to when."""

from datetime import UTC, datetime

from sqlalchemy import select, update

from monitor_api.records.devices import AssignmentRow, GatewayKeyRow, GatewayRow
from monitor_api.records.sessions import DueRow, SessionRow
from tests.monitor_api.http.tenants import NOW
from tests.monitor_api.http.world import SECRET_TEXT, Client, World
from vocabulary.identity import GatewayId


def assign(world: World, client: Client, patient: object, from_at: str):
    body = {"patient_id": None if patient is None else str(patient), "from_at": from_at}
    return client.put(f"/api/v1/devices/{world.a.device}/assignment", json=body)


def assignments(world: World) -> list[tuple[object, datetime, datetime | None]]:
    with world.database.read() as session:
        rows = session.scalars(select(AssignmentRow).where(AssignmentRow.clinic_id == world.a.id))
        return sorted((row.from_at, row.until_at, row.patient_id) for row in rows)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_a_device_tells_the_ages_of_its_state_its_link_and_its_gateway_apart(world: World, physician: Client):
    with world.database.write() as session:
        session.get_one(GatewayRow, world.a.gateway).heard_at = NOW
    seen = physician.get(f"/api/v1/devices/{world.a.device}").json()
    assert seen["reported"] == {
        "state": "ready",
        "lockout": None,
        "faults": [],
        "battery_percent": 80,
        "at": "2026-03-02T20:00:00Z",
    }
    assert seen["link"] == {
        "connected": True,
        "device_heard_at": "2026-03-01T20:00:00Z",
        "gateway_heard_at": "2026-03-02T20:00:00Z",
        "messages_lost": None,
    }
    assert seen["assignment"] == {"patient_id": str(world.a.patient), "from_at": "2026-03-01T20:00:00Z"}


def test_a_new_assignment_ends_the_one_before_it(world: World, physician: Client):
    answer = assign(world, physician, world.a.other_patient, "2026-03-02T18:00:00Z")
    assert answer.json()["assignment"]["patient_id"] == str(world.a.other_patient)
    assert assignments(world) == [
        (at("2026-03-01T20:00"), at("2026-03-02T18:00"), world.a.patient),
        (at("2026-03-02T18:00"), None, world.a.other_patient),
    ]


def test_an_assignment_that_begins_before_the_present_one_replaces_it_and_deletes_nothing(
    world: World, physician: Client
):
    assign(world, physician, world.a.other_patient, "2026-02-01T00:00:00Z")
    assert assignments(world) == [
        (at("2026-02-01T00:00"), None, world.a.other_patient),
        (at("2026-03-01T20:00"), at("2026-03-01T20:00"), world.a.patient),
    ]


def test_a_device_that_is_taken_back_is_nobodys(world: World, physician: Client):
    assert assign(world, physician, None, "2026-03-02T18:00:00Z").json()["assignment"] is None
    assert assignments(world) == [(at("2026-03-01T20:00"), at("2026-03-02T18:00"), world.a.patient)]


def test_an_assignment_that_begins_tomorrow_changes_nothing_today(world: World, physician: Client):
    today = assign(world, physician, world.a.other_patient, "2026-03-03T18:00:00Z").json()["assignment"]
    assert today["patient_id"] == str(world.a.patient)


def test_a_reassignment_has_the_sessions_it_touches_checked_again(world: World, physician: Client):
    def generations() -> list[int]:
        with world.database.read() as session:
            return list(session.scalars(select(DueRow.generation).where(DueRow.session_id == world.a.session)))

    assign(world, physician, world.a.other_patient, "2026-03-02T18:00:00Z")
    assert generations() == []
    assign(world, physician, world.a.other_patient, "2026-03-01T19:00:00Z")
    assign(world, physician, world.a.patient, "2026-03-01T19:00:00Z")
    assert generations() == [2]


def test_a_reassignment_touches_no_session_of_another_clinic_on_the_same_device(world: World, physician: Client):
    with world.database.write() as session:
        of_b = (SessionRow.clinic_id == world.b.id,)
        session.execute(update(SessionRow).where(*of_b).values(device_uid=world.a.device, started_latest=None))
    assign(world, physician, world.a.other_patient, "2026-03-02T18:00:00Z")
    with world.database.read() as session:
        assert session.scalars(select(DueRow)).all() == []


def test_the_trail_of_a_reassignment_holds_what_was_before(world: World, physician: Client):
    assign(world, physician, world.a.other_patient, "2026-03-02T18:00:00Z")
    params = {"kind": "device", "id": world.a.device}
    entries = physician.get("/api/v1/audit", params=params).json()["items"]
    [entry] = [one for one in entries if one["action"] == "device assigned"]
    before = {"patient_id": str(world.a.patient), "from_at": "2026-03-01T20:00:00+00:00", "until_at": None}
    assert entry["detail"]["before"] == [before]


def test_a_gateway_is_registered_with_a_key_that_opens_and_is_never_shown(world: World, operator: Client):
    body = {"id": "home-9", "name": "Home 9", "key_id": 7, "key": SECRET_TEXT}
    made = operator.post("/api/v1/gateways", json=body)
    assert made.status_code == 201
    assert made.json()["keys"] == [{"key_id": 7, "created_at": "2026-03-02T20:00:00Z", "retired_at": None}]
    assert SECRET_TEXT not in made.text
    assert wrapped_key(world, "home-9", 7) == bytes(range(32))


def wrapped_key(world: World, gateway: str, key_id: int) -> bytes:
    with world.database.read() as session:
        row = session.get_one(GatewayKeyRow, (gateway, key_id))
    return world.parts.key_wrap.unwrap(GatewayId(gateway), key_id, row.wrapped).secret


def test_a_gateways_id_is_taken_once_whoever_has_it(world: World, operator: Client):
    for taken in (world.a.gateway, world.b.gateway):
        body = {"id": taken, "name": "Home", "key_id": 1, "key": SECRET_TEXT}
        answer = operator.post("/api/v1/gateways", json=body)
        assert (answer.status_code, answer.json()["detail"]) == (409, "This id is taken")


def test_a_key_is_retired_once_and_another_may_take_its_place(world: World, operator: Client):
    keys = f"/api/v1/gateways/{world.a.gateway}/keys"
    assert operator.post(keys, json={"key_id": 2, "key": SECRET_TEXT}).status_code == 201
    retired = [operator.post(f"{keys}/1/retire").status_code for _ in range(2)]
    assert retired == [200, 409]
    shown = operator.get(f"/api/v1/gateways/{world.a.gateway}").json()["keys"]
    assert [key["retired_at"] for key in shown] == ["2026-03-02T20:00:00Z", None]


def test_a_key_that_is_no_key_is_refused(operator: Client):
    for wrong in ("", "short", "A" * 44, SECRET_TEXT + "AA"):
        body = {"id": "home-9", "name": "Home", "key_id": 1, "key": wrong}
        assert operator.post("/api/v1/gateways", json=body).status_code == 422
