"""Regimens: versions that two people cannot overwrite, reasons for every refusal, and checks that follow a change."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from clinical.regimen import Limits, Regimen
from monitor_api.records.regimens import read_regimen, write_regimen
from monitor_api.records.sessions import DueRow, RegimenVersionRow
from tests.monitor_api.http.world import BODY, Client, World, problem
from vocabulary.devices import Modality
from vocabulary.identity import RegimenId
from vocabulary.quantities import Quantity, Unit

NEXT = {**BODY, "from_at": "2026-03-02T12:00:00+01:00", "duration_s": 480}


def new(world: World, **changed):
    led = {"modality": "led", "dose": {"value": 9, "unit": "J/cm2"}, "limits": {}, "patient_id": str(world.a.patient)}
    return {**NEXT, **led, **changed}


def due(world: World) -> dict[UUID, int]:
    with world.database.read() as session:
        return {row.session_id: row.generation for row in session.scalars(select(DueRow))}


def path(world: World) -> str:
    return f"/api/v1/regimens/{world.a.regimen}"


def test_a_stored_regimen_reads_back_as_it_was():
    regimen = Regimen(
        id=RegimenId(UUID(int=5)),
        version=3,
        modality=Modality.RF,
        sessions_per_week=3,
        duration=timedelta(minutes=10),
        dose=Quantity(4000.0, Unit.JOULE),
        limits=Limits(
            duration=timedelta(minutes=11),
            dose=Quantity(4400.0, Unit.JOULE),
            skin_celsius=42.5,
            skin_grace=timedelta(seconds=2),
            rest=timedelta(days=1),
            contact_grace=timedelta(seconds=15),
        ),
    )
    row = RegimenVersionRow(regimen_id=regimen.id, version=3, body=write_regimen(regimen))
    assert write_regimen(regimen) == BODY
    assert read_regimen(row, "rf") == regimen


def test_a_regimen_begins_with_version_1_and_says_by_whom_and_from_when(world: World, physician: Client):
    answer = physician.post("/api/v1/regimens", json=new(world))
    assert answer.status_code == 201
    assert answer.headers["etag"] == '"1"'
    assert answer.headers["location"] == f"/api/v1/regimens/{answer.json()['id']}"
    newest = answer.json()["newest"]
    assert (newest["version"], newest["from_at"], newest["duration_s"]) == (1, "2026-03-02T11:00:00Z", 480)
    assert newest["prescriber_id"] == physician.get("/api/v1/me").json()["id"]


def test_a_patient_has_one_regimen_in_force_for_a_modality(world: World, physician: Client):
    assert physician.post("/api/v1/regimens", json=new(world)).status_code == 201
    assert physician.post("/api/v1/regimens", json=new(world)).status_code == 409


def test_a_regimen_that_contradicts_itself_is_refused_with_every_reason(world: World, physician: Client):
    wrong = new(world, sessions_per_week=22, duration_s=0, dose={"value": 4, "unit": "J"})
    answer = physician.post("/api/v1/regimens", json=wrong)
    assert answer.status_code == 422
    assert problem(answer)["reasons"].keys() == {"sessions_per_week", "duration", "dose"}


@pytest.mark.parametrize(
    "changed",
    [
        {"from_at": "2026-03-02T12:00:00"},
        {"from_at": "0001-01-01T00:00:00+14:00"},
        {"duration_s": 1e300},
        {"dose": {"value": "NaN", "unit": "J/cm2"}},
        {"limits": {"rest_s": -1}},
        {"limits": {"unknown": 1}},
        {"sessions_per_week": 10**30},
    ],
)
def test_a_regimen_that_is_none_is_refused(world: World, physician: Client, changed):
    assert physician.post("/api/v1/regimens", json=new(world, **changed)).status_code == 422


def test_a_change_names_the_version_it_changes(world: World, physician: Client):
    tag = physician.get(path(world)).headers["etag"]
    assert tag == '"1"'
    answer = physician.put(path(world), json=NEXT, headers={"If-Match": tag})
    assert (answer.status_code, answer.headers["etag"], answer.json()["newest"]["version"]) == (200, '"2"', 2)


def test_a_change_that_names_no_version_is_asked_which(world: World, physician: Client):
    assert physician.put(path(world), json=NEXT).status_code == 428


def test_of_two_changes_of_one_version_the_second_is_stale(world: World, physician: Client):
    changes = [physician.put(path(world), json=NEXT, headers={"If-Match": '"1"'}) for _ in range(2)]
    assert [change.status_code for change in changes] == [200, 412]
    assert physician.get(path(world)).json()["regimen"]["newest"]["version"] == 2


@pytest.mark.parametrize(("tag", "status"), [('W/"1"', 200), ('"7", "1"', 200), ("*", 200), ("1", 412), ('"11"', 412)])
def test_a_tag_is_known_as_proxies_write_it(world: World, physician: Client, tag: str, status: int):
    assert physician.put(path(world), json=NEXT, headers={"If-Match": tag}).status_code == status


def test_versions_stay_as_they_were_and_are_all_shown(world: World, physician: Client):
    before = physician.get(path(world)).json()["versions"]
    physician.put(path(world), json=NEXT, headers={"If-Match": '"1"'})
    after = physician.get(path(world)).json()["versions"]
    assert (after[:1], after[1]["duration_s"]) == (before, 480)


def test_a_version_does_not_begin_before_the_one_in_force(world: World, physician: Client):
    early = {**NEXT, "from_at": "2026-02-01T00:00:00Z"}
    assert physician.put(path(world), json=early, headers={"If-Match": '"1"'}).status_code == 409


def test_an_ended_regimen_has_another_tag_and_takes_no_version(world: World, physician: Client):
    ended = physician.post(f"{path(world)}/end", headers={"If-Match": '"1"'})
    assert (ended.json()["ended_at"], ended.headers["etag"]) == ("2026-03-02T20:00:00Z", '"1-ended"')
    assert physician.put(path(world), json=NEXT, headers={"If-Match": '"1"'}).status_code == 412
    assert physician.put(path(world), json=NEXT, headers={"If-Match": '"1-ended"'}).status_code == 409


def test_sessions_since_a_version_begins_are_checked_again(world: World, physician: Client):
    physician.put(path(world), json={**NEXT, "from_at": "2026-03-01T20:00:02Z"}, headers={"If-Match": '"1"'})
    assert due(world) == {world.a.session: 1}
    physician.put(path(world), json={**NEXT, "from_at": "2026-03-01T20:00:03Z"}, headers={"If-Match": '"2"'})
    assert due(world) == {world.a.session: 1}


def test_one_patients_regimens_are_listed_newest_first(world: World, physician: Client):
    world.hands.civil += timedelta(days=1)
    made = physician.post("/api/v1/regimens", json=new(world)).json()["id"]
    found = physician.get("/api/v1/regimens", params={"patient": str(world.a.patient)}).json()["items"]
    assert [one["id"] for one in found] == [made, str(world.a.regimen)]
    other = physician.get("/api/v1/regimens", params={"patient": str(world.a.other_patient)})
    assert other.json()["items"] == []
