"""A version of a regimen whose last phase is over has ended, by nobody's deed."""

from datetime import timedelta

from tests.monitor_api.http.tenants import NOW
from tests.monitor_api.http.test_regimens import NEXT, path, stages, step
from tests.monitor_api.http.world import Client, World


def test_a_version_that_another_came_in_place_of_is_not_over_later(world: World, physician: Client):
    closed = {**NEXT, "phases": [{**NEXT["phases"][0], "weeks": 2}]}
    physician.put(path(world), json=closed, headers={"If-Match": '"1"'})
    after = {**NEXT, "from_at": (NOW + timedelta(days=7)).isoformat()}
    physician.put(path(world), json=after, headers={"If-Match": '"2"'})
    world.hands.civil += timedelta(days=20)
    assert stages(physician, world) == ["superseded", "superseded", "in force"]
    steps = physician.get(path(world)).json()["versions"][1]["life"]["steps"]
    assert "ended" not in [one["step"] for one in steps]


def test_a_version_is_over_with_its_last_phase_and_another_may_follow(world: World, physician: Client):
    closed = {**NEXT, "phases": [{**NEXT["phases"][0], "weeks": 2}]}
    physician.put(path(world), json=closed, headers={"If-Match": '"1"'})
    world.hands.civil += timedelta(days=13)
    assert stages(physician, world) == ["superseded", "in force"]
    world.hands.civil += timedelta(days=2)
    assert stages(physician, world) == ["superseded", "ended"]
    seen = physician.get(path(world))
    assert (seen.json()["regimen"]["stage"], seen.json()["regimen"]["ended_at"]) == ("ended", None)
    assert step(physician, world, "held", seen.headers["etag"]).status_code == 409
    again = {**NEXT, "from_at": (NOW + timedelta(days=15)).isoformat()}
    assert physician.put(path(world), json=again, headers={"If-Match": seen.headers["etag"]}).status_code == 200
    assert stages(physician, world) == ["superseded", "ended", "in force"]
