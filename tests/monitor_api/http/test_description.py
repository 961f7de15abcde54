"""The API describes itself: an example for every operation, every error it may give, and a page to read it on."""

import json
import re
from typing import Any

import pytest

from tests.monitor_api.http.calls import call, operations, own, version
from tests.monitor_api.http.table import who_may
from tests.monitor_api.http.tenants import PASSWORD
from tests.monitor_api.http.world import Client, World


@pytest.fixture
def document(world: World) -> dict[str, Any]:
    return world.nobody().get("/api/v1/openapi.json").json()


def test_it_is_openapi_3_1(document):
    assert document["openapi"].startswith("3.1")


def test_every_operation_has_a_summary_a_text_and_an_example_of_its_answer(world: World):
    for operation in operations(world):
        assert operation.told["summary"], operation.id
        assert operation.told["description"], operation.id
        [(_, good)] = [(status, told) for status, told in operation.told["responses"].items() if status[0] == "2"]
        if operation.id != "log_out":
            [media] = good["content"].values()
            assert media["example"], operation.id


def test_every_body_has_an_example_that_is_taken(world: World, document):
    for operation in [one for one in operations(world) if "requestBody" in one.told]:
        schema = operation.told["requestBody"]["content"]["application/json"]["schema"]["$ref"].rsplit("/", 1)[1]
        [example] = document["components"]["schemas"][schema]["examples"]
        if operation.id == "log_in":
            example = {name: {"login": "maker@a", "password": PASSWORD}[name] for name in example}
        if "patient_id" in example:
            example["patient_id"] = str(world.a.patient)
        if operation.id == "put_regimen":
            example |= version(1, "J") | {"programmes": [], "limits": {}, "caps": []}
        client = world.browser(who_may(operation.id))
        assert call(client, operation, own(world.a, operation), example).status_code in (200, 201), operation.id


def test_every_operation_tells_its_errors_as_problems(world: World, document):
    for operation in operations(world):
        errors = {status: told for status, told in operation.told["responses"].items() if status[0] in "45"}
        assert {told["$ref"] for told in errors.values()} == {f"#/components/responses/{status}" for status in errors}
        assert errors.keys() <= document["components"]["responses"].keys()


def test_every_operation_that_is_not_public_says_how_to_prove_who_one_is_and_for_whom_it_is(world: World):
    for operation in operations(world):
        if operation.id not in {"log_in", "read_health"}:
            assert {"login"} <= operation.told["security"][0].keys(), operation.id
            assert ("csrf" in operation.told["security"][0]) is operation.writes, operation.id
            assert "For: " in operation.told["description"], operation.id


def test_every_reference_leads_somewhere(document):
    for reference in set(re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(document))):
        place = document
        for part in reference.split("/"):
            place = place[part]


def test_every_post_that_creates_or_takes_a_step_takes_an_idempotency_key(world: World):
    for operation in operations(world):
        takes = any(one["name"] == "idempotency-key" for one in operation.told.get("parameters", ()))
        assert takes is ("201" in operation.told["responses"] or operation.id == "step_regimen"), operation.id


def test_the_page_needs_nothing_from_elsewhere_and_nothing_inline(world: World):
    page = world.nobody().get("/api/docs")
    assert page.headers["content-type"].startswith("text/html")
    places = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert places
    assert all(place.startswith("/api/") for place in places)
    assert re.findall(r"<script(?![^>]*\bsrc=)|<style|\bstyle=|\bon\w+=", page.text) == []
    for place in places:
        assert world.nobody().get(place).status_code == 200, place


def test_the_page_serves_its_own_files_only(world: World):
    for name in ("redoc.standalone.js", "..%2F..%2Fapp.py", "docs.html"):
        assert world.nobody().get(f"/api/docs/{name}").status_code in (404, 422)


def test_the_description_is_made_once(physician: Client):
    first = physician.get("/api/v1/openapi.json").content
    assert physician.get("/api/v1/openapi.json").content == first
