"""The figures that a clinic decides on: read with their source, decided by one at a time, each version kept."""

from datetime import timedelta

from sqlalchemy import select

from monitor_api.http.policy import Role
from monitor_api.records.attention import AuditRow
from monitor_api.records.courses import CourseDueRow
from monitor_api.records.people import PatientRow
from monitor_api.records.practices import PracticeRow
from tests.monitor_api.http.world import Client, World, problem

PRACTICE = "/api/v1/practice"


def put(client: Client, figures: dict, tag: str | None = "*"):
    return client.put(PRACTICE, json={"figures": figures}, headers={} if tag is None else {"If-Match": tag})


def figures(answer) -> dict[str, dict]:
    assert answer.status_code == 200, answer.text
    return {one["name"]: one for one in answer.json()["figures"]}


def decided(world: World) -> list[tuple[int, dict]]:
    with world.database.read() as session:
        rows = session.scalars(select(PracticeRow).order_by(PracticeRow.version))
        return [(row.version, row.figures) for row in rows]


def test_before_the_first_decision_every_figure_is_the_products(physician: Client):
    answer = physician.get(PRACTICE)
    assert (answer.headers["etag"], answer.json()["version"]) == ('"0"', 0)
    found = figures(answer)
    assert {one["decided_at"] for one in found.values()} == {one["decided_by"] for one in found.values()} == {None}
    assert (found["taken_fraction"]["value"], found["silence_floor_h"]["value"]) == (0.8, 24)
    assert all(one["value"] == one["default"] for one in found.values())


def test_a_decision_is_in_force_with_who_took_it_and_when(world: World, physician: Client, operator: Client):
    answer = put(physician, {"taken_fraction": 0.75, "silence_floor_h": 36, "drift": 3}, '"0"')
    assert answer.headers["etag"] == '"1"'
    for found in (figures(answer), figures(operator.get(PRACTICE))):
        assert {name for name, one in found.items() if one["decided_at"]} == {"taken_fraction", "silence_floor_h"}
        taken = found["taken_fraction"]
        assert (taken["value"], taken["default"], taken["least"], taken["most"]) == (0.75, 0.8, 0.5, 1)
        assert taken["decided_by"] == str(world.a.users[Role.PHYSICIAN])
    assert decided(world) == [(1, {"taken_fraction": 0.75, "silence_floor_h": 36})]


def test_each_figure_says_since_when_it_is_what_it_is(world: World, physician: Client):
    put(physician, {"taken_fraction": 0.75, "drift": 4})
    first = figures(physician.get(PRACTICE))["taken_fraction"]["decided_at"]
    world.hands.civil += timedelta(minutes=5)
    put(physician, {"taken_fraction": 0.75, "drift": 5})
    found = figures(physician.get(PRACTICE))
    assert found["taken_fraction"]["decided_at"] == first < found["drift"]["decided_at"]


def test_what_is_not_named_is_the_products_again_and_what_was_decided_stays_in_the_store(
    world: World, physician: Client
):
    put(physician, {"taken_fraction": 0.75})
    answer = put(physician, {}, '"1"')
    assert figures(answer)["taken_fraction"] | {"value": 0.8, "decided_by": None} == figures(answer)["taken_fraction"]
    assert decided(world) == [(1, {"taken_fraction": 0.75}), (2, {})]


def test_the_same_figures_again_change_nothing(world: World, physician: Client):
    put(physician, {"taken_fraction": 0.75})
    assert put(physician, {"taken_fraction": 0.75, "drift": 3}).headers["etag"] == '"1"'
    assert len(decided(world)) == 1


def test_a_decision_names_what_it_is_about(world: World, physician: Client):
    assert put(physician, {"drift": 4}, None).status_code == 428
    assert put(physician, {"drift": 4}, '"0"').status_code == 200
    assert put(physician, {"drift": 5}, '"0"').status_code == 412
    assert decided(world) == [(1, {"drift": 4})]


def test_all_that_cannot_be_is_refused_at_once_with_what_may_be(world: World, physician: Client):
    answer = put(physician, {"taken_fraction": 0.2, "drift": 2.5, "learned": "7", "look_back": 28, "drift_hours": None})
    assert answer.status_code == 422
    reasons = problem(answer)["reasons"]
    assert reasons.pop("body.figures.look_back").startswith("expected one of ")
    assert reasons == {
        "body.figures.taken_fraction": "expected a number from 0.5 to 1",
        "body.figures.drift": "expected a whole number from 2 to 10",
        "body.figures.learned": "expected a whole number from 3 to 28",
        "body.figures.drift_hours": "expected a number from 0.5 to 11.5",
    }
    assert decided(world) == []


def test_a_decision_has_every_course_of_the_clinic_judged_again_and_no_other(world: World, physician: Client):
    def generations() -> dict:
        with world.database.read() as session:
            found = {row.patient_id: (row.generation, row.due_at) for row in session.scalars(select(CourseDueRow))}
            return {one: found.get(one, (0, None)) for one in session.scalars(select(PatientRow.id))}

    before = generations()
    put(physician, {"drift": 4})
    after = generations()
    with world.database.read() as session:
        mine = set(session.scalars(select(PatientRow.id).where(PatientRow.clinic_id == world.a.id)))
    assert {one for one in after if after[one] != before[one]} == mine
    assert all(due_at is not None and due_at <= world.hands.civil for _, due_at in (after[one] for one in mine))


def test_the_trail_says_what_was_changed_from_what_to_what(world: World, physician: Client):
    put(physician, {"drift": 4, "again_days": 3})
    put(physician, {"drift": 5, "again_days": 3})
    with world.database.read() as session:
        rows = session.scalars(select(AuditRow).where(AuditRow.action == "practice decided").order_by(AuditRow.id))
        told = [(row.subject_kind, row.subject_id, row.detail) for row in rows]
    assert told == [
        ("practice", str(world.a.id), {"version": 1, "changed": {"again_days": [None, 3], "drift": [None, 4]}}),
        ("practice", str(world.a.id), {"version": 2, "changed": {"drift": [4, 5]}}),
    ]


def test_another_clinic_keeps_its_own_figures(world: World, physician: Client):
    put(physician, {"drift": 4})
    other = world.browser(Role.PHYSICIAN, world.b)
    assert figures(other.get(PRACTICE))["drift"]["value"] == 3
