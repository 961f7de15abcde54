"""Candidates in the shadow over the API: started and ended in somebody's name, and told with their age."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from clinical.misuse.schedule import too_soon
from monitor_api.http.policy import Role
from monitor_api.records.attention import AuditRow
from monitor_api.records.shadows import ShadowPatientRow, ShadowRow
from tests.monitor_api.http.world import Client, World, problem

SHADOWS = "/api/v1/shadows"
CANDIDATE = {"without": ["too-long"], "limits": {"rf": {"rest_h": 12}}, "figures": {"silence_intervals": 2}}


@pytest.fixture(autouse=True)
def _none_runs(world: World):
    with world.database.write() as session:
        session.delete(session.get_one(ShadowRow, world.a.shadow))


def start(client: Client, candidate=CANDIDATE, because="fewer calls?"):
    return client.post(SHADOWS, json={"because": because, "candidate": candidate})


def started(client: Client) -> dict:
    answer = start(client)
    assert answer.status_code == 201, answer.text
    return answer.json()


def listed(client: Client) -> list[str]:
    return [one["id"] for one in client.get(SHADOWS).json()["items"]]


def nested(deep: int) -> list:
    return [nested(deep - 1)] if deep else []


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def judge(world: World, shadow: str, patient: UUID, when: datetime, *calls: dict, **about) -> None:
    """As the watch stores it: `calls` by side."""
    rules = [
        {"rule": "too-soon", "severity": "medium", "starts": 0, "stops": 1, "stays": 2},
        {"rule": "too-hot", "severity": "high", "starts": 0, "stops": 0, "stays": 1},
    ]
    found = {"rules": rules, "starts": [], "stops": list(calls)}
    row = {"mark": "1", "judged_at": when, "sessions": 3, "calls": found} | about
    with world.database.write() as session:
        session.add(ShadowPatientRow(shadow_id=UUID(shadow), patient_id=patient, **row))


def called(when: datetime) -> dict:
    return {
        "rule": "too-soon",
        "rule_version": 2,
        "severity": "medium",
        "at": when.isoformat(),
        "sessions": [str(uuid4())],
        "because": "20 h after the session before",
    }


def test_it_runs_from_when_it_is_started_for_ninety_days_in_the_name_of_who_did(world: World, physician: Client):
    seen = started(physician)
    assert at(seen["from_at"]) == world.hands.civil
    assert at(seen["until_at"]) - at(seen["from_at"]) == timedelta(days=90)
    assert seen["started_by"] == str(world.a.users[Role.PHYSICIAN])
    assert (seen["because"], seen["ended_at"], seen["ended_by"], seen["problem"]) == ("fewer calls?", None, None, None)
    asked = seen["candidate"]
    assert (asked["without"], asked["limits"]["rf"]["rest_h"], asked["figures"]) == (
        ["too-long"],
        12,
        {"silence_intervals": 2},
    )
    assert physician.get(SHADOWS).json()["items"] == [seen]


def test_before_anybody_was_judged_nothing_is_claimed(physician: Client):
    seen = started(physician)
    told = physician.get(f"{SHADOWS}/{seen['id']}").json()
    assert told["shadow"] == seen
    assert (told["patients"], told["waiting"], told["oldest_judged_at"], told["sessions"]) == (0, 2, None, 0)
    assert (told["rules"], told["would_start"], told["would_stop"], told["not_tried"]) == ([], [], [], [])


def test_what_was_found_of_everybody_is_added_up_with_its_age(world: World, physician: Client):
    seen, now = started(physician), world.hands.civil
    judge(world, seen["id"], world.a.patient, now, called(now - timedelta(hours=1)))
    judge(world, seen["id"], world.a.other_patient, now - timedelta(hours=5), called(now - timedelta(hours=9)))
    told = physician.get(f"{SHADOWS}/{seen['id']}").json()
    assert (told["patients"], told["waiting"], told["sessions"]) == (2, 0, 6)
    assert at(told["oldest_judged_at"]) == now - timedelta(hours=5)
    assert [(one["rule"], one["would_start"], one["would_stop"], one["would_stay"]) for one in told["rules"]] == [
        ("too-soon", 0, 2, 4),
        ("too-hot", 0, 0, 2),
    ]
    assert told["rules"][0]["title"] == too_soon.title
    assert [one["patient_id"] for one in told["would_stop"]] == [str(world.a.patient), str(world.a.other_patient)]
    assert told["would_stop"][0]["call"]["because"] == "20 h after the session before"


def test_those_on_whom_it_cannot_be_tried_are_counted_apart_and_it_is_said_why(world: World, physician: Client):
    seen, now = started(physician), world.hands.civil
    nothing = {"rules": [], "starts": [], "stops": []}
    judge(world, seen["id"], world.a.patient, now, problem="too short for phase 1", sessions=0, calls=nothing)
    told = physician.get(f"{SHADOWS}/{seen['id']}").json()
    assert (told["patients"], told["waiting"]) == (0, 1)
    assert told["not_tried"] == [{"because": "too short for phase 1", "patients": 1}]


def test_one_that_is_ended_says_by_whom_and_when_and_is_not_ended_again(world: World, physician: Client):
    seen = started(physician)
    world.hands.civil += timedelta(days=2)
    ended = physician.post(f"{SHADOWS}/{seen['id']}/end").json()
    assert (at(ended["ended_at"]), ended["ended_by"]) == (world.hands.civil, str(world.a.users[Role.PHYSICIAN]))
    world.hands.civil += timedelta(days=1)
    assert physician.post(f"{SHADOWS}/{seen['id']}/end").json() == ended


def test_the_trail_says_who_tried_what_and_why(world: World, physician: Client):
    seen = started(physician)
    physician.post(f"{SHADOWS}/{seen['id']}/end")
    with world.database.read() as session:
        trail = [(row.action, row.subject_id, row.detail) for row in session.scalars(select(AuditRow)) if _is_ours(row)]
    detail = {"because": "fewer calls?", "candidate": CANDIDATE}
    assert trail == [("shadow started", seen["id"], detail), ("shadow ended", seen["id"], detail)]


def _is_ours(row: AuditRow) -> bool:
    return row.subject_kind == "shadow"


def test_three_run_side_by_side_and_a_fourth_is_told_what_to_do(physician: Client):
    first = [started(physician)["id"] for _ in range(3)]
    answer = start(physician)
    assert (answer.status_code, problem(answer)["remedy"]) == (409, "End one, then start this one.")
    physician.post(f"{SHADOWS}/{first[0]}/end")
    assert start(physician).status_code == 201


def test_twenty_are_kept_and_the_oldest_that_ended_goes_with_what_was_found(world: World, physician: Client):
    running = started(physician)["id"]
    ended = []
    for _ in range(20):
        world.hands.civil += timedelta(minutes=1)
        ended.append(started(physician)["id"])
        judge(world, ended[-1], world.a.patient, world.hands.civil)
        physician.post(f"{SHADOWS}/{ended[-1]}/end")
    assert listed(physician) == [*reversed(ended[1:]), running]
    with world.database.read() as session:
        kept = {str(row.shadow_id) for row in session.scalars(select(ShadowPatientRow))}
    assert kept == set(ended[1:])


@pytest.mark.parametrize(
    ("candidate", "reasons"),
    [
        ({}, {"body.candidate.candidate": "changes nothing: name rules to leave out, limits or figures"}),
        (
            {"without": ["too-hut"], "figures": {"drift": 1.5, "silent": 3}},
            {
                "body.candidate.without": "there is no rule too-hut",
                "body.candidate.figures.drift": "expected a whole number from 2 to 10",
                "body.candidate.figures.silent": None,
            },
        ),
        ({"limits": {"rf": {"skin_celsius": 60}}}, {"body.candidate.limits.rf.skin_celsius": None}),
        ({"limits": {"xx": {"rest_h": 1}}}, {"body.candidate.limits.xx.[key]": None}),
        ({"alerts": True}, {"body.candidate.alerts": None}),
        ({"figures": {"drift": nested(150)}}, {"body.candidate.figures.drift": None}),
    ],
)
def test_a_candidate_that_makes_no_sense_is_refused_with_every_reason(physician: Client, candidate, reasons):
    answer = start(physician, candidate)
    assert answer.status_code == 422
    told = problem(answer)["reasons"]
    assert told.keys() == reasons.keys()
    assert {where: told[where] for where, words in reasons.items() if words} == {k: v for k, v in reasons.items() if v}
    assert listed(physician) == []


def test_figures_are_held_against_those_that_the_clinic_has_decided_on(physician: Client):
    decided = {"figures": {"baseline": 10}}
    assert physician.put("/api/v1/practice", json=decided, headers={"If-Match": "*"}).status_code == 200
    answer = start(physician, {"figures": {"learned": 20}})
    assert problem(answer)["reasons"] == {"body.candidate.figures.learned": "expected at most baseline, which is 10"}


def test_a_decision_that_leaves_no_room_for_a_candidate_is_told_with_it(physician: Client):
    seen = start(physician, {"figures": {"learned": 20}}).json()
    physician.put("/api/v1/practice", json={"figures": {"baseline": 10}}, headers={"If-Match": "*"})
    (found,) = physician.get(SHADOWS).json()["items"]
    assert found["problem"] == "figures.learned: expected at most baseline, which is 10"
    assert physician.post(f"{SHADOWS}/{seen['id']}/end").json()["problem"] is None


def test_another_clinics_patient_is_answered_like_nobody(world: World, physician: Client):
    told = [
        problem(start(physician, {"limits": {"rf": {"rest_h": 1, "patient": str(whom)}}}))["reasons"]
        for whom in (world.b.patient, uuid4())
    ]
    assert told[0] == told[1] == {"body.candidate.limits.rf.patient": "no patient of this clinic has this id"}
    assert start(physician, {"limits": {"rf": {"rest_h": 1, "patient": str(world.a.patient)}}}).status_code == 201
