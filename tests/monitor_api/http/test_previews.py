"""A prescription is tried over the API: what it would call, who may ask, how often, and that nothing is changed."""

from dataclasses import replace

import pytest
from limits import RateLimitItemPerMinute
from sqlalchemy import func, select

from monitor_api.http.pace import USUAL, Pace
from monitor_api.http.policy import Role
from monitor_api.records.attention import AuditRow
from monitor_api.records.columns import Table
from tests.monitor_api.http.world import Client, World, problem

TIMING = {"frequency": 3, "period_days": 7, "weekdays": []}
PHASE = {"timing": TIMING, "duration_s": 600, "dose": {"value": 4000, "unit": "J"}}


@pytest.fixture
def physician(world: World) -> Client:
    return world.browser(Role.PHYSICIAN)


def ask(client: Client, world: World, **limits):
    body = {"modality": "rf", "phases": [PHASE], "limits": limits}
    return client.post(f"/api/v1/patients/{world.a.patient}/regimen-preview", json=body)


def rules(calls) -> set[str]:
    return {one["rule"] for one in calls["newest"]}


def test_it_tells_what_would_start_and_over_which_days_it_looked(world: World, physician: Client):
    found = ask(physician, world, skin_celsius=42, skin_grace_s=0).json()
    assert (found["from_at"], found["as_of"]) == ("2025-12-02T20:00:00Z", "2026-03-02T20:00:00Z")
    assert (found["modality"], found["sessions"]) == ("rf", 1)
    [hot] = [one for one in found["would_start"]["newest"] if one["rule"] == "too-hot"]
    assert (hot["severity"], hot["sessions"]) == ("high", [str(world.a.session)])
    assert found["would_start"]["count"] == len(found["would_start"]["newest"])
    assert "too-hot" not in rules(ask(physician, world, skin_celsius=44).json()["would_start"])


def test_one_that_contradicts_itself_is_refused_by_the_field_to_change(world: World, physician: Client):
    answer = ask(physician, world, duration_s=60)
    assert answer.status_code == 422
    assert any("duration_s" in field for field in problem(answer)["reasons"])


def test_it_changes_nothing_and_leaves_in_the_trail_that_the_patient_was_looked_at(world: World, physician: Client):
    def counts():
        with world.database.read() as session:
            tables = [one for one in Table.metadata.sorted_tables if one.name != "audit"]
            return {one.name: session.scalar(select(func.count()).select_from(one)) for one in tables}

    before = counts()
    ask(physician, world, skin_celsius=42, skin_grace_s=0)
    assert counts() == before
    with world.database.read() as session:
        seen = session.scalars(select(AuditRow).where(AuditRow.subject_id == str(world.a.patient))).all()
    assert [one.actor_id for one in seen] == [world.a.users[Role.PHYSICIAN]]


def test_so_many_a_minute_and_then_a_while_of_waiting(world: World, physician: Client):
    few = Pace(replace(USUAL, works=RateLimitItemPerMinute(2)))
    world.app.state.api = replace(world.app.state.api, pace=few)
    assert [ask(physician, world).status_code for _ in range(3)] == [200, 200, 429]
    assert int(ask(physician, world).headers["retry-after"]) > 0
    assert physician.get(f"/api/v1/patients/{world.a.patient}").status_code == 200
