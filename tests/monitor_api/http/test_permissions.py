"""Who may do what: the whole table by hand, held against every operation and every role."""

import pytest
from fastapi import APIRouter
from sqlalchemy import update

from monitor_api.http.app import make_api
from monitor_api.http.policy import Permission, Role
from monitor_api.http.visits import needs
from monitor_api.records.devices import AssignmentRow
from monitor_api.records.sessions import RegimenRow, SessionRow
from tests.monitor_api.http.calls import STREAMS, call, call_with_own, ids, operations
from tests.monitor_api.http.table import MAKER, MAY, NOT_BY_TOKEN, OPERATOR, PATIENT, PHYSICIAN, PUBLIC
from tests.monitor_api.http.world import World


def test_the_table_names_every_operation(world: World):
    assert {one.id for one in operations(world)} == MAY.keys() | PUBLIC


@pytest.mark.parametrize("role", Role)
def test_a_role_may_do_what_the_table_says_and_nothing_else(world: World, role: Role):
    browser = world.browser(role)
    for operation in sorted(operations(world), key=lambda one: one.id == "log_out"):
        if operation.id not in STREAMS | PUBLIC | {"renew_login"}:
            status = call_with_own(browser, operation, world.a).status_code
            refused = 404 if operation.names_one else 403
            assert status in ((200, 201, 204) if role in MAY[operation.id] else (refused,)), (operation.id, status)


def test_nobody_may_do_anything_that_is_not_public(world: World):
    for operation in operations(world):
        expected = (200,) if operation.id in PUBLIC else (401,)
        assert call_with_own(world.nobody(), operation, world.a).status_code in expected, operation.id


def test_a_machine_does_not_prescribe_acknowledge_or_log_out(world: World):
    made = world.browser(OPERATOR).post("/api/v1/tokens", json={"name": "robot", "role": "physician"}).json()
    robot = world.machine(made["secret"])
    refused = {
        one.id
        for one in operations(world)
        if PHYSICIAN in MAY.get(one.id, ()) and one.id not in STREAMS
        if call_with_own(robot, one, world.a).status_code == 403
    }
    assert refused == NOT_BY_TOKEN


def test_a_patient_sees_nothing_of_another_patient_of_the_same_clinic(world: World):
    with world.database.write() as session:
        for row in (AssignmentRow, SessionRow, RegimenRow):
            session.execute(update(row).where(row.clinic_id == world.a.id).values(patient_id=world.a.other_patient))
    browser, other = world.browser(PATIENT), {**ids(world.a), "patient_id": world.a.other_patient}
    for operation in operations(world):
        if PATIENT in MAY.get(operation.id, ()) and operation.names_one:
            assert call(browser, operation, other).status_code == 404, operation.id
        if operation.id in {"list_devices", "list_sessions", "list_regimens"}:
            assert call(browser, operation, {}).json()["items"] == []
    assert [one["id"] for one in browser.get("/api/v1/patients").json()["items"]] == [str(world.a.patient)]


def test_a_patient_sees_a_device_only_while_it_is_theirs(world: World):
    browser = world.browser(PATIENT)
    assert [one["uid"] for one in browser.get("/api/v1/devices").json()["items"]] == [world.a.device]
    taken = {"patient_id": None, "from_at": "2026-03-02T19:00:00Z"}
    world.browser(PHYSICIAN).put(f"/api/v1/devices/{world.a.device}/assignment", json=taken)
    assert browser.get("/api/v1/devices").json()["items"] == []


def test_an_app_with_a_route_without_a_door_is_not_built(world: World):
    room = APIRouter()

    @room.get("/secret")
    def forgotten() -> str:
        return "everything"

    with pytest.raises(RuntimeError, match="forgotten"):
        make_api(world.parts, [room])
    make_api(world.parts, [room], public=["forgotten"])


def test_a_room_of_screens_may_have_one_door_for_all_of_it(world: World):
    room = APIRouter(dependencies=[needs(Permission.SEE_ALERTS)])
    room.add_api_route("/triage", lambda: "alerts", name="triage")
    world.app = make_api(world.parts, [room])
    assert [world.browser(role).get("/triage").status_code for role in (PHYSICIAN, MAKER)] == [200, 403]
