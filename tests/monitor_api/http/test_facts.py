"""Facts that somebody notes: whatever they tell of, earlier or later, is checked and judged anew."""

from datetime import timedelta
from uuid import UUID

import httpx
import pytest
from sqlalchemy import delete, select, update

from monitor_api.records.courses import CourseDueRow
from monitor_api.records.devices import AssignmentRow, DeviceRow
from monitor_api.records.sessions import DueRow, SessionRow
from tests.monitor_api.http.tenants import NOW
from tests.monitor_api.http.world import Client, World


@pytest.fixture
def sessions(world: World) -> dict[str, UUID]:
    """A session of long ago and one that begins now, of the patient's device."""
    ids = {"earlier": world.a.session, "later": UUID(int=77)}
    with world.database.write() as session:
        session.execute(update(SessionRow).values(started_latest=NOW - timedelta(days=300)))
        row = session.get_one(SessionRow, (world.a.id, world.a.session))
        copied = {column.name: getattr(row, column.name) for column in SessionRow.__table__.columns}
        session.add(SessionRow(**copied | {"id": ids["later"], "counter": 2, "started_latest": NOW}))
        session.execute(delete(CourseDueRow))
    return ids


def due(world: World, sessions: dict[str, UUID]) -> set[str]:
    """Which of the sessions are to be checked; from then on none is."""
    with world.database.write() as session:
        found = set(session.scalars(select(DueRow.session_id)))
        session.execute(delete(DueRow))
    return {name for name, id_ in sessions.items() if id_ in found}


def judged_anew(world: World) -> set[UUID]:
    with world.database.read() as session:
        return set(session.scalars(select(CourseDueRow.patient_id)))


def test_the_first_answer_about_skin_tells_of_all_sessions_and_another_of_those_to_come(
    world: World, physician: Client, sessions: dict[str, UUID]
):
    path = f"/api/v1/patients/{world.a.patient}/skin"
    found = []
    for minute, (phototype, sensitive) in enumerate([("III", None), ("IV", None), ("IV", True), ("IV", False)]):
        world.hands.civil = NOW + timedelta(minutes=minute) - timedelta(minutes=10)
        body = {"phototype": phototype, "photosensitised": sensitive}
        assert physician.put(path, json=body).status_code == 200
        found.append(due(world, sessions))
    assert found == [{"earlier", "later"}, {"later"}, {"earlier", "later"}, {"later"}]


def measure(client: Client, world: World, **changed: object) -> httpx.Response:
    measured = {"dose_uncertainty_fraction": 0.2, "skin_uncertainty_celsius": 0.5, "source": "a thermocouple"}
    return client.put(f"/api/v1/devices/{world.a.device}/outputs", json={"outputs": [], **measured, **changed})


def test_how_far_a_devices_figures_may_be_off_is_noted_with_who_measured_it_and_replaced_by_what_is_known_next(
    world: World, operator: Client, physician: Client
):
    def known() -> tuple[object, ...]:
        seen = physician.get(f"/api/v1/devices/{world.a.device}").json()
        return seen["dose_uncertainty_fraction"], seen["skin_uncertainty_celsius"], seen["calibration_source"]

    measure(operator, world)
    assert known() == (0.2, 0.5, "a thermocouple")
    measure(operator, world, skin_uncertainty_celsius=None, source="a calorimeter")
    assert known() == (0.2, None, "a calorimeter")
    trail = physician.get("/api/v1/audit", params={"kind": "device", "id": world.a.device}).json()["items"]
    calibrated = [one["detail"] for one in trail if one["action"] == "device calibrated"]
    said = {(one["dose_uncertainty_fraction"], one["skin_uncertainty_celsius"], one["source"]) for one in calibrated}
    assert said == {(0.2, 0.5, "a thermocouple"), (0.2, None, "a calorimeter")}


@pytest.mark.parametrize(
    "odd",
    [
        {"dose_uncertainty_fraction": -0.1},
        {"dose_uncertainty_fraction": 1.1},
        {"skin_uncertainty_celsius": -0.1},
        {"skin_uncertainty_celsius": 5.1},
        {"skin_uncertainty_celsius": "0.5 °C"},
    ],
)
def test_an_uncertainty_that_is_none_is_refused(world: World, operator: Client, odd: dict[str, object]):
    answer = measure(operator, world, **odd)
    (field,) = odd
    assert (answer.status_code, list(answer.json()["reasons"])) == (422, [f"body.{field}"])


def test_what_a_device_puts_out_tells_of_all_its_sessions_and_of_whoever_had_it(
    world: World, physician: Client, sessions: dict[str, UUID]
):
    with world.database.write() as session:
        session.add(_earlier_assignment(world))
    assert measure(physician, world).status_code == 200
    assert due(world, sessions) == {"earlier", "later"}
    assert judged_anew(world) == {world.a.patient, world.a.other_patient}


def test_a_recall_has_everybody_judged_anew_who_has_or_had_such_a_device(world: World, physician: Client):
    with world.database.write() as session:
        session.add(_earlier_assignment(world))
        session.execute(update(DeviceRow).values(model="Wand"))
        session.execute(delete(CourseDueRow))
    recall = {"firmware": "1.0", "because": "its cut-off is late"}
    assert physician.put("/api/v1/recalls", json={**recall, "model": "Mask"}).status_code == 200
    assert judged_anew(world) == set()
    assert physician.put("/api/v1/recalls", json={**recall, "model": "Wand"}).status_code == 200
    assert judged_anew(world) == {world.a.patient, world.a.other_patient}


def test_whoever_had_a_device_since_it_was_anothers_is_judged_anew(world: World, physician: Client):
    with world.database.write() as session:
        session.add(_earlier_assignment(world))
        session.execute(delete(CourseDueRow))
    body = {"patient_id": str(world.a.patient), "from_at": (NOW - timedelta(days=400)).isoformat()}
    assert physician.put(f"/api/v1/devices/{world.a.device}/assignment", json=body).status_code == 200
    assert judged_anew(world) == {world.a.patient, world.a.other_patient}


def _earlier_assignment(world: World) -> AssignmentRow:
    """The other patient had the device a year ago."""
    return AssignmentRow(
        id=UUID(int=78),
        clinic_id=world.a.id,
        device_uid=world.a.device,
        patient_id=world.a.other_patient,
        from_at=NOW - timedelta(days=365),
        until_at=NOW - timedelta(days=300),
    )
