"""Drafts of regimens: stored whatever they say, changed by one at a time, signed when nothing is in the way."""

from uuid import uuid4

import pytest
from sqlalchemy import select

from clinical.regimen.templates import TEMPLATES
from monitor_api.http.deeds.drafts import MOST_DRAFTS
from monitor_api.http.policy import Role
from monitor_api.records.attention import AuditRow
from monitor_api.records.drafts import RegimenDraftRow
from tests.monitor_api.http.tenants import BODY, NOW
from tests.monitor_api.http.world import Client, World, problem

DRAFTS = "/api/v1/regimen-drafts"
DOSE = {"value": 36, "unit": "J/cm2"}
LED = {
    "phases": [
        {
            "weeks": 4,
            "timing": {"frequency": 5, "period_days": 7, "weekdays": []},
            "duration_s": 600,
            "dose": DOSE,
        }
    ]
}


def new(world: World, **changed):
    return {"patient_id": str(world.a.patient), "modality": "led", "prescription": LED} | changed


def made(client: Client, world: World, **changed):
    answer = client.post(DRAFTS, json=new(world, **changed))
    assert answer.status_code == 201, answer.text
    return answer.json(), answer.headers["etag"]


def path(world: World) -> str:
    return f"{DRAFTS}/{world.a.draft}"


def sign(client: Client, draft: str, tag: str | None, from_at: str | None = None):
    headers = {} if tag is None else {"If-Match": tag}
    return client.post(f"{DRAFTS}/{draft}/sign", json={"from_at": from_at}, headers=headers)


def trail(world: World, subject: str) -> list[tuple[str, dict]]:
    with world.database.read() as session:
        rows = session.scalars(select(AuditRow).where(AuditRow.subject_id == subject).order_by(AuditRow.id))
        return [(row.action, row.detail) for row in rows]


@pytest.mark.parametrize("name", [one.name for one in TEMPLATES])
def test_a_draft_begins_with_what_a_template_knows_and_says_what_is_to_be_filled_in(
    world: World, physician: Client, name: str
):
    [template] = [one for one in TEMPLATES if one.name == name]
    about = {"modality": str(template.modality), "template": name, "prescription": None}
    draft, _ = made(physician, world, **about)
    assert (draft["template"], draft["prescription"]["phases"][0]["timing"]["frequency"] > 0) == (name, True)
    to_fill = {field for field in template.to_fill if not field.endswith(".weeks")}
    assert {field for field, reason in draft["reasons"].items() if reason == "has to be filled in"} == to_fill


def test_a_draft_from_a_template_is_filled_in_signed_and_in_force(world: World, physician: Client):
    draft, tag = made(physician, world, template="led-red-infrared", prescription=None)
    written = draft["prescription"]
    written["phases"][0] |= {"weeks": 12, "dose": DOSE}
    written["programmes"][0]["number"] = 1
    changed = physician.put(f"{DRAFTS}/{draft['id']}", json=written, headers={"If-Match": tag})
    assert (changed.status_code, changed.json()["reasons"]) == (200, {})
    signed = sign(physician, draft["id"], changed.headers["etag"])
    assert signed.status_code == 201
    regimen = signed.json()
    assert signed.headers["location"] == f"/api/v1/regimens/{regimen['id']}"
    found = physician.get(signed.headers["location"]).json()["versions"]
    assert [(one["version"], one["signature"]["proof"], one["life"]["stage"]) for one in found] == [
        (1, "valid", "in force")
    ]
    me = physician.get("/api/v1/me").json()["id"]
    assert (found[0]["prescriber_id"], found[0]["from_at"]) == (me, "2026-03-02T20:00:00Z")
    assert found[0]["prescription"]["phases"][0]["dose"] == DOSE
    assert physician.get(f"{DRAFTS}/{draft['id']}").status_code == 404
    assert [action for action, _ in trail(world, draft["id"])] == [
        "regimen drafted",
        "regimen draft changed",
        "regimen draft signed",
    ]
    assert trail(world, draft["id"])[-1][1]["regimen"] == regimen["id"]


def test_a_draft_for_a_modality_that_is_prescribed_becomes_the_next_version(world: World, physician: Client):
    phase = BODY["phases"][0] | {"duration_s": 480.0}
    draft, tag = made(physician, world, modality="rf", prescription=BODY | {"phases": [phase]})
    assert draft["follows"] == {"regimen_id": str(world.a.regimen), "version": 1}
    assert [one["words"] for one in draft["changes"]] == ["Phase 1, duration of a session: 10 min → 8 min"]
    signed = sign(physician, draft["id"], tag, "2026-03-03T00:00:00Z").json()
    assert (signed["id"], signed["newest"]["version"]) == (str(world.a.regimen), 2)
    assert signed["newest"]["from_at"] == "2026-03-03T00:00:00Z"


def test_a_draft_that_contradicts_itself_is_stored_and_refused_at_signing_with_every_reason(
    world: World, physician: Client
):
    phase = LED["phases"][0] | {"duration_s": 0, "dose": {"value": 4, "unit": "J"}}
    wrong = {"phases": [phase, {"weeks": 3}], "most_per_week": 2}
    draft, tag = made(physician, world, prescription=wrong)
    fields = {
        "phases.0.duration_s",
        "phases.0.dose",
        "phases.1.timing.frequency",
        "phases.1.duration_s",
        "phases.1.dose",
        "most_per_week",
    }
    assert draft["reasons"].keys() == fields
    answer = sign(physician, draft["id"], tag)
    assert answer.status_code == 422
    assert problem(answer)["reasons"] == draft["reasons"]
    assert physician.get(f"{DRAFTS}/{draft['id']}").headers["etag"] == tag
    assert physician.get("/api/v1/regimens").json()["items"][0]["id"] == str(world.a.regimen)


def test_a_change_says_of_which_draft_it_is(world: World, physician: Client):
    tag = physician.get(path(world)).headers["etag"]
    assert physician.put(path(world), json=LED).status_code == 428
    first = physician.put(path(world), json=LED, headers={"If-Match": tag})
    assert (first.status_code, first.json()["revision"]) == (200, 2)
    assert physician.put(path(world), json=BODY, headers={"If-Match": tag}).status_code == 412
    assert physician.delete(path(world), headers={"If-Match": tag}).status_code == 412
    assert sign(physician, str(world.a.draft), tag).status_code == 412
    assert physician.delete(path(world)).status_code == 428
    assert sign(physician, str(world.a.draft), None).status_code == 428


def test_a_draft_is_another_once_what_it_follows_has_changed(world: World, physician: Client):
    tag = physician.get(path(world)).headers["etag"]
    regimen = f"/api/v1/regimens/{world.a.regimen}"
    physician.put(regimen, json=BODY | {"from_at": "2026-03-02T12:00:00Z"}, headers={"If-Match": "*"})
    assert sign(physician, str(world.a.draft), tag).status_code == 412
    physician.post(f"{regimen}/end", headers={"If-Match": "*"})
    again = physician.get(path(world))
    assert again.json()["follows"] is None
    signed = sign(physician, str(world.a.draft), again.headers["etag"]).json()
    assert (signed["newest"]["version"], signed["id"] == str(world.a.regimen)) == (1, False)


def test_a_draft_does_not_begin_before_the_version_it_follows(world: World, physician: Client):
    answer = sign(physician, str(world.a.draft), "*", "2026-02-01T00:00:00Z")
    assert answer.status_code == 409
    assert physician.get(path(world)).status_code == 200


def test_one_key_signs_once_and_answers_twice(world: World, physician: Client):
    headers = {"If-Match": "*", "Idempotency-Key": "one"}
    answers = [physician.post(f"{path(world)}/sign", json={}, headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].content == answers[1].content
    assert answers[0].json()["newest"]["version"] == 2


def test_a_discarded_draft_is_answered_once_more_and_gone(world: World, physician: Client):
    answer = physician.delete(path(world), headers={"If-Match": "*"})
    assert (answer.status_code, answer.json()["id"]) == (200, str(world.a.draft))
    assert physician.get(path(world)).status_code == 404
    assert trail(world, str(world.a.draft))[-1][0] == "regimen draft discarded"


def test_drafts_of_one_patient_are_listed_newest_first(world: World, physician: Client):
    draft, _ = made(physician, world)
    found = physician.get(DRAFTS, params={"patient": str(world.a.patient)}).json()["items"]
    assert found[0]["id"] == draft["id"]
    assert {one["id"] for one in found[1:]} == {str(world.a.draft), str(world.a.draft_to_sign)}
    assert physician.get(DRAFTS, params={"patient": str(world.a.other_patient)}).json()["items"] == []


@pytest.mark.parametrize(
    "changed",
    [
        {"template": "led-red-infrared"},
        {"prescription": None},
        {"prescription": None, "template": "no-such"},
        {"prescription": None, "template": "rf-five-a-week"},
        {"modality": "ems"},
        {"prescription": {"phases": [{}] * 13}},
        {"prescription": {"caps": [{}] * 41}},
        {"prescription": {"phases": [{"duration_s": 1e300}]}},
        {"prescription": {"phases": [{"timing": {"frequency": 10**30}}]}},
        {"prescription": {"phototypes": {"allowed": [], "because": "x" * 401}}},
        {"prescription": {"unknown": 1}},
    ],
)
def test_what_is_no_draft_is_refused(world: World, physician: Client, changed):
    assert physician.post(DRAFTS, json=new(world, **changed)).status_code == 422


def test_a_patient_has_so_many_drafts_and_no_more(world: World, physician: Client):
    with world.database.write() as session:
        for _ in range(MOST_DRAFTS - 3):
            session.add(
                RegimenDraftRow(
                    id=uuid4(),
                    clinic_id=world.a.id,
                    patient_id=world.a.patient,
                    modality="led",
                    body=BODY,
                    revision=1,
                    made_at=NOW,
                    made_by=world.a.users[Role.PHYSICIAN],
                    changed_at=NOW,
                    changed_by=world.a.users[Role.PHYSICIAN],
                )
            )
    made(physician, world)
    answer = physician.post(DRAFTS, json=new(world))
    assert (answer.status_code, problem(answer)["detail"]) == (409, "This patient has 20 drafts already")
    made(physician, world, patient_id=str(world.a.other_patient))


def test_a_patient_is_not_told_that_something_is_drafted_for_them(world: World, physician: Client, patient: Client):
    draft, _ = made(physician, world)
    assert draft["id"] not in patient.get("/api/v1/regimens").text
    assert patient.get(f"{DRAFTS}/{draft['id']}").status_code == 404
    assert patient.get(DRAFTS).status_code == 403
