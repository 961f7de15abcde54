"""Samples for a chart: few enough, and never without the peak."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from monitor_api.http.decimation import FEWEST, kept_rows
from monitor_api.http.policy import Role
from monitor_api.records.sessions import SessionRow
from tests.monitor_api.http.world import Client, World
from vocabulary.identity import session_id

VALUES = st.one_of(st.none(), st.integers(-5, 5).map(float), st.floats(-1e6, 1e6))


@st.composite
def tables(draw: st.DrawFn) -> list[list[float | None]]:
    """Up to 18 columns, as many as a session can have, of one length: flat, stepped or noisy."""
    count = draw(st.integers(0, 700))
    seeds = draw(st.lists(st.lists(VALUES, min_size=1, max_size=9), min_size=1, max_size=18))
    strides = draw(st.lists(st.integers(1, 90), min_size=len(seeds), max_size=len(seeds)))
    return [
        [seed[index // stride % len(seed)] for index in range(count)]
        for seed, stride in zip(seeds, strides, strict=True)
    ]


@given(tables(), st.integers(FEWEST, 300))
def test_few_rows_are_kept_and_the_extremes_of_every_column_are_among_them(columns, points):
    kept = kept_rows(columns, points)
    assert len(kept) <= points
    assert all(one < other for one, other in pairwise(kept))
    for column in columns:
        values = [value for value in column if value is not None]
        if values:
            shown = {column[row] for row in kept}
            assert {min(values), max(values)} <= shown


@given(st.integers(301, 5000), st.integers(0, 5000), st.integers(FEWEST, 300))
def test_a_value_that_stands_out_for_one_sample_is_seen(count, where, points):
    skin = [33.0] * count
    skin[where % count] = 43.1
    assert where % count in kept_rows([list(map(float, range(count))), skin], points)


@given(st.integers(0, 300), st.integers(FEWEST, 300))
def test_what_is_short_enough_stays_as_it_is(count, points):
    column = list(map(float, range(min(count, points))))
    assert kept_rows([column], points) == list(range(len(column)))


def test_a_chart_uses_most_of_the_points_it_may_have():
    wave = [float(index % 40) for index in range(5000)]
    assert len(kept_rows([list(map(float, range(5000))), wave], 600)) > 300


def samples(client: Client, world: World, **params):
    return client.get(f"/api/v1/sessions/{world.a.session}/samples", params=params)


def test_all_samples_come_in_columns_of_one_length(world: World, physician: Client):
    answer = samples(physician, world).json()
    assert (answer["stored"], answer["shown"], answer["missing"], answer["clashes"]) == (600, 600, [], 0)
    assert {len(column) for column in answer["columns"].values()} == {600}
    assert answer["columns"].keys() == {"sequence", "active_s", "remaining_s", "signs", "skin_celsius"}
    assert answer["states"] == [{"first": 0, "last": 599, "state": "emitting", "zone": "cheek left"}]


def test_the_hot_sample_and_the_one_without_contact_are_in_a_chart_of_fifty_points(world: World, physician: Client):
    answer = samples(physician, world, points=50).json()
    columns = answer["columns"]
    assert (answer["stored"], answer["shown"] <= 50) == (600, True)
    assert columns["skin_celsius"][columns["sequence"].index(317)] == 43.1
    assert columns["signs"][columns["sequence"].index(411)] == 0


@pytest.mark.parametrize("points", ["49", "5001", "-1", "x"])
def test_a_chart_has_50_to_5000_points(world: World, physician: Client, points: str):
    assert samples(physician, world, points=points).status_code == 422


def test_samples_that_the_client_has_are_not_sent_again(world: World, physician: Client):
    first = samples(physician, world, points=100)
    path, known = f"/api/v1/sessions/{world.a.session}/samples?points=100", {"If-None-Match": first.headers["etag"]}
    again = physician.get(path, headers=known)
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    assert samples(physician, world).headers["etag"] != first.headers["etag"]


def test_samples_are_kept_by_the_browser_and_by_nobody_else(world: World, physician: Client):
    assert samples(physician, world).headers["cache-control"] == "private, no-cache"


def test_a_session_without_samples_has_empty_columns(world: World):
    empty = session_id(world.a.device, 2)
    with world.database.write() as session:
        session.execute(update(SessionRow).where(SessionRow.clinic_id == world.a.id).values(id=empty))
    answer = world.browser(Role.PHYSICIAN).get(f"/api/v1/sessions/{empty}/samples?points=50")
    assert (answer.json()["columns"], answer.json()["states"]) == ({"sequence": []}, [])
