"""Regimens: versions that two people cannot overwrite, reasons for every refusal, and checks that follow a change."""

import json
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from sqlalchemy import select, update

from clinical.course import Interval
from clinical.plan import Cap, Cem43Levels
from clinical.regimen import Limits, Phototype, Phototypes, Regimen
from clinical.regimen.life import Step
from monitor_api.records.orders import OrderReportRow, SendingRow, WishRow
from monitor_api.records.regimens import interruptions, read_regimen, step_rows, write_regimen
from monitor_api.records.sessions import DueRow, RegimenRow, RegimenVersionRow
from monitor_api.records.signing import make_key
from tests.monitor_api.http.tenants import BODY, NOW
from tests.monitor_api.http.world import Client, World, problem
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
)


def test_a_stored_regimen_reads_back_as_it_was():
    assert write_regimen(WHOLE) == BODY
    assert read_regimen(stored(BODY), "rf") == WHOLE


def test_a_body_that_says_what_a_day_is_reads_as_if_it_did_not():
    assert read_regimen(stored(BODY | {"local": {"zone": "Europe/Zurich", "day_starts": "04:00"}}), "rf") == WHOLE


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
    assert [one | {"life": None} for one in after[:1]] == [one | {"life": None} for one in before]
    assert after[1]["prescription"]["phases"][0]["duration_s"] == 480


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


def step(client: Client, world: World, name: str, tag: str = "*"):
    return client.post(f"{path(world)}/steps", json={"step": name, "because": "a blister"}, headers={"If-Match": tag})


def stages(client: Client, world: World) -> list[str]:
    return [one["life"]["stage"] for one in client.get(path(world)).json()["versions"]]


def test_a_version_is_signed_by_who_prescribed_it_and_the_signature_proves_it(world: World, physician: Client):
    newest = physician.post("/api/v1/regimens", json=new(world)).json()["newest"]
    assert newest["signature"]["proof"] == "valid"
    assert newest["signature"]["signed_at"] == "2026-03-02T20:00:00Z"
    old = physician.get(path(world)).json()["versions"][0]
    assert old["signature"] == {"proof": "unsigned", "key_id": None, "signed_at": None}


@pytest.mark.parametrize(
    "change",
    [
        {"body": FLAT},
        {"from_at": NOW},
        {"prescriber_id": UUID(int=9)},
        {"signature": bytes(64)},
        {"signed_at": NOW - timedelta(days=1)},
    ],
)
def test_a_version_that_was_changed_in_the_store_is_shown_as_broken(world: World, physician: Client, change):
    physician.put(path(world), json=NEXT, headers={"If-Match": '"1"'})
    with world.database.write() as session:
        of_ours = (RegimenVersionRow.regimen_id == world.a.regimen, RegimenVersionRow.version == 2)
        session.execute(update(RegimenVersionRow).where(*of_ours).values(change))
    assert physician.get(path(world)).json()["versions"][1]["signature"]["proof"] == "broken"


def whole(value):
    """A number as a signature's JSON has it: 480, not 480.0."""
    if isinstance(value, dict):
        return {name: whole(one) for name, one in value.items()}
    if isinstance(value, list):
        return [whole(one) for one in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def sign_as_before(world: World, local: dict | None) -> None:
    """Store and sign the second version as one was while prescriptions said what a day is."""
    clinic = world.a.id
    key = load_pem_private_key((world.parts.settings.signing_keys / f"{clinic}.key").read_bytes(), None)
    with world.database.write() as session:
        regimen = session.get_one(RegimenRow, world.a.regimen)
        version = session.get_one(RegimenVersionRow, (world.a.regimen, 2))
        version.body = version.body | {"local": local}
        said = {
            "clinic": str(clinic),
            "from_at": "2026-03-02T11:00:00+00:00",
            "modality": "rf",
            "patient": str(regimen.patient_id),
            "prescriber": str(version.prescriber_id),
            "prescription": whole(version.body),
            "regimen": str(regimen.id),
            "signed_at": "2026-03-02T20:00:00+00:00",
            "version": 2,
        }
        text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        version.signature = key.sign(b"lumenward regimen v1\0" + text.encode())


@pytest.mark.parametrize("local", [None, {"zone": "Europe/Zurich", "day_starts": "04:00"}])
def test_a_version_that_was_signed_while_it_said_what_a_day_is_is_read_and_its_signature_holds(
    world: World, physician: Client, local
):
    physician.put(path(world), json=NEXT, headers={"If-Match": '"1"'})
    as_signed_now = physician.get(path(world)).json()["versions"][1]
    sign_as_before(world, local)
    seen = physician.get(path(world)).json()["versions"][1]
    assert seen["signature"]["proof"] == "valid"
    assert seen["prescription"] == as_signed_now["prescription"]
    with world.database.write() as session:
        version = session.get_one(RegimenVersionRow, (world.a.regimen, 2))
        version.body = {name: value for name, value in version.body.items() if name != "local"}
    assert physician.get(path(world)).json()["versions"][1]["signature"]["proof"] == "broken"


def test_a_key_of_before_still_proves_what_it_signed(world: World, physician: Client):
    physician.put(path(world), json=NEXT, headers={"If-Match": '"1"'})
    make_key(world.parts.settings.signing_keys, world.a.id)
    physician.put(path(world), json=NEXT, headers={"If-Match": '"2"'})
    proofs = [one["signature"] for one in physician.get(path(world)).json()["versions"]]
    assert [one["proof"] for one in proofs] == ["unsigned", "valid", "valid"]
    assert proofs[1]["key_id"] != proofs[2]["key_id"]


def test_without_its_key_a_clinic_signs_nothing_and_is_told_how_to_make_one(world: World, physician: Client):
    (world.parts.settings.signing_keys / f"{world.a.id}.key").rename(world.parts.settings.data / "elsewhere")
    try:
        answer = physician.put(path(world), json=NEXT, headers={"If-Match": '"1"'})
        assert (answer.status_code, physician.get(path(world)).headers["etag"]) == (409, '"1"')
        assert f"lumenward clinic key {world.a.id}" in problem(answer)["remedy"]
    finally:
        (world.parts.settings.data / "elsewhere").rename(world.parts.settings.signing_keys / f"{world.a.id}.key")


def test_a_version_waits_until_it_begins_and_supersedes_the_one_before(world: World, physician: Client):
    physician.put(path(world), json={**NEXT, "from_at": "2026-03-03T20:00:00Z"}, headers={"If-Match": '"1"'})
    assert stages(physician, world) == ["in force", "signed"]
    world.hands.civil += timedelta(days=1)
    assert stages(physician, world) == ["superseded", "in force"]


def test_a_home_that_has_a_version_delivered_it_and_one_that_follows_it_acknowledged(world: World, physician: Client):
    physician.put(path(world), json=NEXT, headers={"If-Match": '"1"'})
    with world.database.write() as session:
        wish = session.scalars(select(WishRow).where(WishRow.regimen_version == 2)).one()
        session.execute(
            update(SendingRow).where(SendingRow.wish_id == wish.id).values(taken_at=NOW - timedelta(minutes=2))
        )
        session.add(
            OrderReportRow(
                clinic_id=world.a.id,
                wish_id=wish.id,
                gateway_id=world.a.gateway,
                outcome="done",
                at=NOW - timedelta(minutes=1),
                detail="",
            )
        )
    steps = physician.get(path(world)).json()["versions"][1]["life"]["steps"]
    assert [(one["step"], one["at"]) for one in steps if one["step"] in {"delivered", "acknowledged"}] == [
        ("delivered", "2026-03-02T19:58:00Z"),
        ("acknowledged", "2026-03-02T19:59:00Z"),
    ]


def test_a_treatment_is_held_with_its_devices_and_resumed_with_them(world: World, physician: Client):
    physician.post(f"/api/v1/devices/{world.a.device}/hold/lift", json={})
    assert physician.get(f"/api/v1/devices/{world.a.device}/orders").json()["hold"] is None
    held = step(physician, world, "held", '"1"')
    assert (held.json()["stage"], held.headers["etag"]) == ("held", '"1-held"')
    orders = physician.get(f"/api/v1/devices/{world.a.device}/orders").json()
    assert orders["hold"]["id"] != str(world.a.hold)
    assert step(physician, world, "resumed", '"1-held"').json()["stage"] == "in force"
    assert physician.get(f"/api/v1/devices/{world.a.device}/orders").json()["hold"] is None


def test_resuming_lifts_no_hold_that_was_there_before(world: World, physician: Client):
    step(physician, world, "held")
    step(physician, world, "resumed")
    orders = physician.get(f"/api/v1/devices/{world.a.device}/orders").json()
    assert orders["hold"]["id"] == str(world.a.hold)


def test_what_a_treatment_cannot_do_is_refused_and_leaves_nothing(world: World, physician: Client):
    refused = step(physician, world, "resumed")
    assert (refused.status_code, problem(refused)["detail"]) == (409, "A regimen that is in force cannot be resumed")
    assert step(physician, world, "paused", '"7"').status_code == 412


def test_a_step_that_is_sent_again_under_its_key_is_taken_once(physician: Client, world: World):
    body, headers = {"step": "held", "because": "a blister"}, {"If-Match": '"1"', "Idempotency-Key": "k"}
    first, again = (physician.post(f"{path(world)}/steps", json=body, headers=headers) for _ in range(2))
    assert (first.status_code, again.status_code) == (200, 200)
    assert (first.content, first.headers["etag"]) == (again.content, again.headers["etag"])
    steps = physician.get(path(world)).json()["versions"][0]["life"]["steps"]
    assert [one["step"] for one in steps].count("held") == 1


def test_a_stopped_treatment_is_over(world: World, physician: Client):
    stopped = step(physician, world, "stopped").json()
    assert (stopped["stage"], stopped["ended_at"]) == ("stopped", "2026-03-02T20:00:00Z")
    assert step(physician, world, "resumed").status_code == 409


def test_holds_and_pauses_are_intervals(world: World, physician: Client):
    for name in ("held", "resumed", "paused"):
        step(physician, world, name)
        world.hands.civil += timedelta(hours=1)
    with world.database.read() as session:
        steps = step_rows(session, session.get_one(RegimenRow, world.a.regimen))
    assert interruptions(steps, Step.HELD) == (Interval(from_at=NOW, until_at=NOW + timedelta(hours=1)),)
    assert interruptions(steps, Step.PAUSED) == (Interval(from_at=NOW + timedelta(hours=2), until_at=None),)


def test_two_versions_are_compared_field_by_field(world: World, physician: Client):
    physician.put(path(world), json=NEXT, headers={"If-Match": '"1"'})
    found = physician.get(f"{path(world)}/changes", params={"old": 1, "new": 2}).json()
    assert [(one["field"], one["old"], one["new"]) for one in found["changes"]] == [("phases.0.duration_s", 600, 480)]
    assert physician.get(f"{path(world)}/changes").json() == found
    assert physician.get(f"{path(world)}/changes", params={"old": 1, "new": 9}).status_code == 404


def test_templates_say_where_each_figure_is_from(physician: Client):
    for template in physician.get("/api/v1/regimen-templates").json():
        assert template["to_fill"]
        assert all(figure["source"] for figure in template["figures"])


def test_a_version_that_holds_from_before_it_was_signed_is_in_force_at_once(world: World, physician: Client):
    physician.put(path(world), json=NEXT, headers={"If-Match": '"1"'})
    life = physician.get(path(world)).json()["versions"][1]["life"]
    assert (life["stage"], life["since"]) == ("in force", "2026-03-02T20:00:00Z")
