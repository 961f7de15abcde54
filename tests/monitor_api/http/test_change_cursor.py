"""A cursor that misses no change, in whatever order transactions become visible."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from monitor_api.http.change_cursor import MISSED_AT_MOST, PATIENCE, ChangeCursor

SECOND = timedelta(seconds=1)


@st.composite
def commits(draw: st.DrawFn) -> list[list[int]]:
    """Ids from 1 in the order in which they become visible, in polls; none waits for more than a few polls."""
    count = draw(st.integers(1, 60))
    delays = draw(st.lists(st.integers(0, 4), min_size=count, max_size=count))
    polls: list[list[int]] = [[] for _ in range(count + 5)]
    for index, delay in enumerate(delays):
        polls[index // draw(st.integers(1, 4)) + delay].append(index + 1)
    return polls


def visible(polls: list[list[int]], upto: int) -> set[int]:
    return {one for poll in polls[: upto + 1] for one in poll}


@given(commits())
def test_every_change_is_taken_once_in_whatever_order_they_become_visible(polls):
    cursor, taken = ChangeCursor(0), list[int]()
    for number in range(len(polls)):
        store = visible(polls, number)
        asked = {one for one in store if one > cursor.top or one in cursor.missing}
        taken += cursor.take(asked, number * SECOND / 10)
    assert sorted(taken) == sorted(visible(polls, len(polls)))


@given(commits(), st.integers(0, 60))
def test_who_goes_on_from_the_watermark_misses_nothing(polls, left_at):
    cursor, seen = ChangeCursor(0), set[int]()
    for number in range(min(left_at, len(polls))):
        seen |= set(cursor.take(visible(polls, number), number * SECOND / 10))
    later = {one for one in visible(polls, len(polls)) if one > cursor.watermark}
    assert seen | later == visible(polls, len(polls))


def test_a_hole_is_looked_for_until_patience_is_over():
    cursor = ChangeCursor(5)
    assert cursor.take([8], SECOND) == [8]
    assert (cursor.missing, cursor.watermark, cursor.top) == ((6, 7), 5, 8)
    assert cursor.take([6], 2 * SECOND) == [6]
    assert (cursor.missing, cursor.watermark) == ((7,), 6)
    assert cursor.take([], SECOND + PATIENCE) == []
    assert (cursor.missing, cursor.watermark) == ((), 8)
    assert cursor.take([7], 2 * PATIENCE) == []


def test_the_same_change_is_never_taken_twice():
    cursor = ChangeCursor(0)
    assert cursor.take([1, 2, 2], SECOND) == [1, 2]
    assert cursor.take([1, 2], SECOND) == []


def test_a_jump_of_ids_is_not_a_million_holes():
    cursor = ChangeCursor(0)
    assert cursor.take([1, 10**9], SECOND) == [1, 10**9]
    assert len(cursor.missing) <= MISSED_AT_MOST
    cursor.take([10**9 + 5000], SECOND)
    assert len(cursor.missing) <= MISSED_AT_MOST
