"""Errors say what, where and what to do, in one form, and tell nothing they should not."""

import json
import logging
from collections.abc import AsyncIterator

import pytest
from fastapi import APIRouter

from monitor_api.errors import StoreUnavailable, StoreUnusable
from monitor_api.http.app import make_api
from monitor_api.http.edge import CSP
from monitor_api.http.policy import Role
from tests.monitor_api.http.world import Client, World, problem

SOMEBODY = "Ada Example, born 1968"


def test_a_problem_says_what_where_and_what_to_do(physician: Client):
    answer = physician.get("/api/v1/patients/00000000-0000-0000-0000-000000000000")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": "urn:lumenward:problem:not-there",
        "title": "There is no such thing",
        "status": 404,
        "detail": "Nothing by this id is there for you",
        "remedy": "Check the id; lists show what there is for you.",
        "instance": "/api/v1/patients/00000000-0000-0000-0000-000000000000",
        "request_id": answer.headers["x-request-id"],
        "reasons": {},
    }


def test_what_cannot_be_read_is_named_part_by_part_without_being_repeated(operator: Client):
    body = {"login": "x", "name": "", "role": "king", "password": "too short", "extra": 1}
    answer = operator.post("/api/v1/users", json=body)
    assert answer.status_code == 422
    assert answer.json()["reasons"].keys() == {"body.name", "body.role", "body.password", "body.extra"}
    assert "too short" not in answer.text.replace("password", "")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/api/v1/nowhere", 404), ("GET", "/nowhere", 404), ("PATCH", "/api/v1/patients", 405)],
)
def test_paths_and_methods_that_are_not_there_are_problems_too(physician: Client, method, path, status):
    answer = physician.request(method, path)
    assert (answer.status_code, problem(answer)["status"]) == (status, status)


def test_a_method_that_is_not_there_names_those_that_are(physician: Client):
    assert set(physician.put("/api/v1/patients", json={}).headers["allow"].split(", ")) <= {"GET", "POST"}


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b"[" * 100_000, b"", b"null", b'{"name": "\\ud800"}'])
def test_a_body_that_is_no_json_is_a_problem(physician: Client, body: bytes):
    answer = physician.post("/api/v1/patients", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422)
    problem(answer)


def test_a_body_without_its_type_is_not_read(physician: Client):
    good = json.dumps({"name": "N", "reference": "R", "zone": "UTC"}).encode()
    for kind in ("text/plain", "application/x-www-form-urlencoded"):
        assert physician.post("/api/v1/patients", content=good, headers={"Content-Type": kind}).status_code == 422


def test_a_body_that_is_too_large_is_refused_by_what_it_announces(physician: Client):
    async def unread() -> AsyncIterator[bytes]:
        yield pytest.fail("it was read")

    answer = physician.post("/api/v1/patients", content=unread(), headers={"Content-Length": "1048577"})
    assert (answer.status_code, problem(answer)["type"]) == (413, "urn:lumenward:problem:too-large")


def test_a_body_that_is_too_large_is_refused_though_it_announces_nothing(physician: Client):
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b" " * 100_000

    answer = physician.post("/api/v1/patients", content=endless(), headers={"Content-Type": "application/json"})
    assert (answer.status_code, problem(answer)["type"]) == (413, "urn:lumenward:problem:too-large")


@pytest.fixture
def failing(world: World) -> World:
    room = APIRouter()

    @room.get("/fail")
    def fail() -> None:
        raise RuntimeError(SOMEBODY)

    @room.get("/store")
    def store() -> None:
        raise StoreUnavailable("records", "could not connect to db.internal as lumenward")

    @room.get("/stale")
    def stale() -> None:
        raise StoreUnusable("telemetry", "db.internal does not take the token")

    world.app = make_api(world.parts, [room], public=["fail", "store", "stale"])
    return world


def test_a_failure_gives_a_request_id_and_no_words_of_its_own(failing: World, caplog: pytest.LogCaptureFixture):
    answer = failing.nobody().get("/fail")
    assert answer.status_code == 500
    assert problem(answer)["detail"] == "The service failed while it worked on this"
    assert SOMEBODY not in answer.text + caplog.text
    assert answer.headers["x-request-id"] in caplog.text
    assert "RuntimeError" in caplog.text
    assert "test_problems.py" in caplog.text


@pytest.mark.parametrize("path", ["/store", "/stale"])
def test_a_store_that_cannot_be_asked_is_a_503_that_can_be_tried_again(failing: World, path: str):
    answer = failing.nobody().get(path)
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    assert "db.internal" not in answer.text


@pytest.mark.parametrize("path", ["/api/v1/health", "/api/v1/me", "/api/docs", "/fail"])
def test_every_answer_keeps_the_browser_strict(failing: World, path: str):
    headers = failing.nobody().get(path).headers
    assert headers["content-security-policy"] == CSP
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"
    assert "strict-transport-security" not in headers


def test_the_policy_allows_scripts_and_styles_of_ours_only():
    rules = dict(rule.split(" ", 1) for rule in CSP.split("; "))
    assert (rules["script-src"], rules["style-src"], rules["default-src"]) == ("'self'", "'self'", "'none'")
    assert "unsafe" not in CSP


def test_the_access_log_has_no_query_no_body_and_no_names(world: World, caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.INFO):
        physician = world.browser(Role.PHYSICIAN)
        physician.post("/api/v1/patients?secret=canary1", json={"name": "canary2", "reference": "r", "zone": "UTC"})
        physician.get("/api/v1/new%0Aforged")
    lines = [record.getMessage() for record in caplog.records if record.name == "monitor_api.http.access"]
    assert "POST /api/v1/patients 201" in lines[0]
    assert f"user:{world.a.users[Role.PHYSICIAN]}" in lines[0]
    assert "canary" not in "".join(lines)
    assert all("\n" not in line for line in lines)


def test_large_answers_are_compressed(physician: Client):
    answer = physician.get("/api/v1/openapi.json", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
