"""Alerts on the list, taken on once; and what an operator sees of the service."""

import base64

import pytest

from monitor_api.http.policy import Role
from tests.monitor_api.http.world import Client, World, problem


def test_an_alert_says_what_its_rule_tells_a_physician(world: World, physician: Client):
    seen = physician.get(f"/api/v1/alerts/{world.a.alert}").json()
    assert seen["title"] == "The skin was hotter than the limit for longer than its grace."
    assert "Action: stop, hold the treatment, look at the skin today." in seen["explanation"]
    assert (seen["because"], seen["state"], seen["acknowledgement"]) == ("Skin at 43.1 °C", "firing", None)


def test_an_alert_is_taken_on_by_name_and_once(world: World, physician: Client):
    taken = physician.post(f"/api/v1/alerts/{world.a.alert}/acknowledge")
    assert taken.json()["state"] == "acknowledged"
    assert taken.json()["acknowledgement"] == {
        "by": str(world.a.users[Role.PHYSICIAN]),
        "name": "physician of a",
        "at": "2026-03-02T20:00:00Z",
    }
    again = physician.post(f"/api/v1/alerts/{world.a.alert}/acknowledge")
    assert (again.status_code, problem(again)["type"]) == (409, "urn:lumenward:problem:conflict")


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({}, 1),
        ({"state": "firing"}, 1),
        ({"state": "acknowledged"}, 0),
        ({"severity": "high"}, 1),
        ({"severity": "low"}, 0),
        ({"patient": "own"}, 1),
        ({"patient": "other"}, 0),
    ],
)
def test_alerts_are_found_by_state_severity_and_patient(world: World, physician: Client, params, found: int):
    whose = {"own": world.a.patient, "other": world.a.other_patient}
    asked = {name: str(whose.get(value, value)) for name, value in params.items()}
    assert len(physician.get("/api/v1/alerts", params=asked).json()["items"]) == found


def test_a_session_tells_its_facts_findings_and_gaps(world: World, physician: Client):
    seen = physician.get(f"/api/v1/sessions/{world.a.session}").json()
    assert seen["session"]["started"] == {
        "earliest": "2026-03-01T20:00:00Z",
        "latest": "2026-03-01T20:00:02Z",
        "known_by": "an anchor on the device's timeline",
    }
    assert seen["session"]["dose"] == {"value": 4100.0, "unit": "J"}
    assert seen["session"]["regimen"] == {"regimen_id": str(world.a.regimen), "version": 1}
    assert seen["gaps"] == [{"first": 100, "last": 101}]
    [finding] = seen["findings"]
    assert (finding["rule"], finding["outcome"], finding["because"]) == ("too-hot", "fires", "Skin at 43.1 °C")
    assert finding["evidence"]["measured"] == {"value": 43.1, "unit": "Cel"}


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({"from": "2026-03-01T20:00:00Z"}, 1),
        ({"from": "2026-03-01T20:00:01Z"}, 0),
        ({"to": "2026-03-01T20:00:00Z"}, 0),
        ({"to": "2026-03-01T21:00:01+01:00"}, 1),
        ({"device": "0000000000000061"}, 1),
        ({"device": "0000000000000001"}, 0),
    ],
)
def test_sessions_are_found_by_when_they_began_and_on_what(physician: Client, params, found: int):
    assert len(physician.get("/api/v1/sessions", params=params).json()["items"]) == found


def test_what_was_refused_is_shown_with_its_reason_and_its_bytes(operator: Client):
    [entry] = operator.get("/api/v1/quarantine").json()["items"]
    assert (entry["reason"], entry["size_bytes"]) == ("seal", 2)
    detail = operator.get(f"/api/v1/quarantine/{entry['id']}").json()
    assert base64.b64decode(detail["data"]) == b"\x01\x02"


def test_an_operator_sees_ages_and_sizes_and_everybody_only_that_it_is_up(world: World, operator: Client):
    assert world.nobody().get("/api/v1/health").json().keys() == {"status", "version"}
    details = operator.get("/api/v1/health/details").json()
    assert details["as_of"] == "2026-03-02T20:00:00Z"
    assert details["gateways"] == [{"id": world.a.gateway, "heard_at": "2026-03-01T20:00:00Z"}]
    assert (details["checks_due"], details["oldest_due_at"], details["quarantined"]) == (0, None, 1)
    assert details["stores"]["records_bytes"] > 0


def test_a_user_is_added_logs_in_and_is_listed(world: World, operator: Client):
    body = {"login": " New@A ", "name": "N", "role": "physician", "password": "long enough, surely"}
    made = operator.post("/api/v1/users", json=body)
    assert (made.status_code, made.json()["login"]) == (201, "new@a")
    assert "long enough" not in made.text
    login = {"login": "new@a", "password": "long enough, surely"}
    assert world.nobody().post("/api/v1/login", json=login).status_code == 200
    assert "new@a" in operator.get("/api/v1/users").text


def test_a_login_is_taken_once_whoever_has_it(operator: Client):
    for taken in ("maker@a", "MAKER@B"):
        body = {"login": taken, "name": "N", "role": "maker", "password": "long enough, surely"}
        assert operator.post("/api/v1/users", json=body).status_code == 409


def test_a_patient_is_somebody_and_nobody_else_is(world: World, operator: Client):
    user = {"login": "new@a", "name": "N", "password": "long enough, surely"}
    assert operator.post("/api/v1/users", json={**user, "role": "patient"}).status_code == 422
    wrong = {**user, "role": "maker", "patient_id": str(world.a.patient)}
    assert operator.post("/api/v1/users", json=wrong).status_code == 422


def test_an_operator_cannot_shut_themselves_out(world: World, operator: Client):
    assert operator.post(f"/api/v1/users/{world.a.users[Role.OPERATOR]}/disable").status_code == 409
