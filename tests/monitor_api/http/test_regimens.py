"""Regimens: versions that two people cannot overwrite, reasons for every refusal, and checks that follow a change."""

from dataclasses import replace
from datetime import time, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from clinical.plan import Cap, Cem43Levels
from clinical.regimen import Limits, LocalDays, Phototype, Phototypes, Regimen
from monitor_api.records.regimens import read_regimen, write_regimen
from monitor_api.records.sessions import DueRow, RegimenVersionRow
from tests.monitor_api.http.world import BODY, Client, World, problem
from tests.regimens import weekly
from vocabulary.devices import Modality, Zone
from vocabulary.identity import RegimenId
from vocabulary.quantities import Quantity, Unit


def lasting(seconds: float, value: float = 4000.0, unit: str = "J", times: int = 3) -> dict:
    timing = {"frequency": times, "period_days": 7, "weekdays": []}
    return {"phases": [{"timing": timing, "duration_s": seconds, "dose": {"value": value, "unit": unit}}]}


NEXT = {**BODY, **lasting(480), "from_at": "2026-03-02T12:00:00+01:00"}
FLAT = {
    "sessions_per_week": 3,
    "duration_s": 600.0,
    "dose": {"value": 4000.0, "unit": "J"},
    "limits": BODY["limits"],
}


def new(world: World, **changed):
    led = {**lasting(480, 9, "J/cm2"), "modality": "led", "from_at": NEXT["from_at"]}
    return {**led, "patient_id": str(world.a.patient), **changed}


def due(world: World) -> dict[UUID, int]:
    with world.database.read() as session:
        return {row.session_id: row.generation for row in session.scalars(select(DueRow))}


def path(world: World) -> str:
    return f"/api/v1/regimens/{world.a.regimen}"


def stored(body: dict) -> RegimenVersionRow:
    return RegimenVersionRow(regimen_id=UUID(int=5), version=3, body=body)


PLAIN = Regimen(
    id=RegimenId(UUID(int=5)),
    version=3,
    modality=Modality.RF,
    phases=(weekly(3, timedelta(minutes=10), Quantity(4000.0, Unit.JOULE)),),
    limits=Limits(
        duration=timedelta(minutes=11),
        dose=Quantity(4400.0, Unit.JOULE),
        skin_celsius=42.5,
        skin_grace=timedelta(seconds=2),
        rest=timedelta(days=1),
        contact_grace=timedelta(seconds=15),
    ),
)
WHOLE = replace(
    PLAIN,
    zones=(Zone.CHEEK_LEFT,),
    caps=(Cap(window=timedelta(days=7), dose=Quantity(12000.0, Unit.JOULE), band=None, zone=Zone.CHEEK_LEFT),),
    most_per_day=1,
    most_per_week=3,
    cem43=Cem43Levels(info_min=1.0, warn_min=2.0, alert_min=5.0, stop_min=15.0),
    phototypes=Phototypes(
        allowed=(Phototype.I, Phototype.II, Phototype.III, Phototype.IV), because="cleared for these"
    ),
    local=LocalDays(zone="Europe/Zurich", day_starts=time(4)),
)


def test_a_stored_regimen_reads_back_as_it_was():
    assert write_regimen(WHOLE) == BODY
    assert read_regimen(stored(BODY), "rf") == WHOLE


def test_a_body_from_before_there_were_phases_is_one_open_phase():
    assert read_regimen(stored(FLAT), "rf") == PLAIN


def test_a_regimen_begins_with_version_1_and_says_by_whom_and_from_when(world: World, physician: Client):
    answer = physician.post("/api/v1/regimens", json=new(world))
    assert answer.status_code == 201
    assert answer.headers["etag"] == '"1"'
    assert answer.headers["location"] == f"/api/v1/regimens/{answer.json()['id']}"
    newest = answer.json()["newest"]
    assert (newest["version"], newest["from_at"]) == (1, "2026-03-02T11:00:00Z")
    assert newest["prescription"]["phases"][0]["duration_s"] == 480
    assert newest["prescriber_id"] == physician.get("/api/v1/me").json()["id"]


def test_a_patient_has_one_regimen_in_force_for_a_modality(world: World, physician: Client):
    assert physician.post("/api/v1/regimens", json=new(world)).status_code == 201
    assert physician.post("/api/v1/regimens", json=new(world)).status_code == 409


def test_a_regimen_that_contradicts_itself_is_refused_with_every_reason(world: World, physician: Client):
    wrong = new(world, **lasting(0, 4, "J", times=22))
    answer = physician.post("/api/v1/regimens", json=wrong)
    assert answer.status_code == 422
    assert problem(answer)["reasons"].keys() == {
        "phases.0.timing.frequency",
        "phases.0.duration_s",
        "phases.0.dose",
    }


@pytest.mark.parametrize(
    "changed",
    [
        {"from_at": "2026-03-02T12:00:00"},
        {"from_at": "0001-01-01T00:00:00+14:00"},
        lasting(1e300, 9, "J/cm2"),
        lasting(480, "NaN", "J/cm2"),
        {"phases": []},
        {"limits": {"rest_s": -1}},
        {"limits": {"unknown": 1}},
        lasting(480, 9, "J/cm2", times=10**30),
        {"local": {"zone": "Europe/Atlantis"}},
        {"local": {"zone": "Europe/Zurich", "day_starts": "25:00"}},
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
    assert (after[:1], after[1]["prescription"]["phases"][0]["duration_s"]) == (before, 480)


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
