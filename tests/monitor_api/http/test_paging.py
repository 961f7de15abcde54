"""Lists in pages: nothing twice, nothing left out, while rows are added."""

from base64 import urlsafe_b64encode
from datetime import timedelta
from itertools import count
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor_api.records.people import PatientRow
from monitor_api.records.sessions import SessionRow
from tests.monitor_api.http.tenants import NOW
from tests.monitor_api.http.world import Client, World

_numbers = count(1000)


def add_sessions(world: World, days: list[float]) -> None:
    with world.database.write() as session:
        for day in days:
            heard_at = NOW + timedelta(days=day)
            session.add(
                SessionRow(
                    clinic_id=world.a.id,
                    id=uuid4(),
                    device_uid=world.a.device,
                    counter=next(_numbers),
                    gateway_id=world.a.gateway,
                    first_heard_at=heard_at,
                    heard_at=heard_at,
                    recorded=False,
                    samples_stored=0,
                    samples_missing=0,
                )
            )


def pages(client: Client, path: str, limit: int):
    cursor: str | None = None
    while True:
        params = {"limit": limit} | ({"cursor": cursor} if cursor else {})
        page = client.get(path, params=params).json()
        yield page["items"]
        if not (cursor := page["next"]):
            return


@pytest.mark.parametrize("limit", [1, 3, 7, 200])
def test_pages_hold_everything_once_and_in_order(world: World, physician: Client, limit: int):
    add_sessions(world, [1, 1, 1, 2, 3, 3, 5.5, -4])
    found = [one for page in pages(physician, "/api/v1/sessions", limit) for one in page]
    assert len({one["id"] for one in found}) == len(found) == 9
    begun = [(one["started"] or {"earliest": one["first_heard_at"]})["earliest"] for one in found]
    assert begun == sorted(begun, reverse=True)


def test_what_is_added_meanwhile_neither_repeats_nor_hides_what_was_there(world: World, physician: Client):
    add_sessions(world, [1, 2, 3, 4, 5, 6])
    before = {one["id"] for one in physician.get("/api/v1/sessions").json()["items"]}
    seen: list[str] = []
    for page in pages(physician, "/api/v1/sessions", 2):
        seen += [one["id"] for one in page if one["id"] in before]
        add_sessions(world, [9])
    assert sorted(seen) == sorted(before)


def test_a_list_that_begins_with_the_oldest_shows_what_was_added_at_its_end(world: World, physician: Client):
    first = physician.get("/api/v1/patients", params={"limit": 2}).json()
    assert first["next"] is None
    with world.database.write() as session:
        session.add(PatientRow(id=uuid4(), clinic_id=world.a.id, name="L", reference="9", zone="UTC", created_at=NOW))
    again = physician.get("/api/v1/patients", params={"limit": 2}).json()
    last = physician.get("/api/v1/patients", params={"limit": 2, "cursor": again["next"]}).json()
    assert [one["name"] for one in last["items"]] == ["L"]


@pytest.mark.parametrize("limit", ["0", "201", "-1", "many"])
def test_a_page_has_1_to_200_items(physician: Client, limit: str):
    assert physician.get("/api/v1/patients", params={"limit": limit}).status_code == 422


def encoded(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode()


@given(
    st.one_of(
        st.text(max_size=60),
        st.text(max_size=60).map(encoded),
        st.sampled_from(
            [
                encoded(text)
                for text in (
                    '["1"]',
                    "[]",
                    '["0001-01-01T00:00:00+14:00", "x"]',
                    "[1, 2]",
                    "{}",
                    '["9999-12-31T23:59:59-14:00", "00000000-0000-0000-0000-000000000000"]',
                    '["99999999999999999999"]',
                )
            ]
        ),
    )
)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_cursor_that_is_not_ours_is_refused_and_nothing_else(world: World, cursor: str):
    client = world.machine("lw_a")
    assert client.get("/api/v1/sessions", params={"cursor": cursor}).status_code in (200, 422)
