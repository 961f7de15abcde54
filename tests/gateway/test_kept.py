"""Which records are on disk: in whatever order they come, nothing counts as stored before what is below it."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.sessions.kept import BEYOND, NOTHING_KEPT, Kept
from gateway.sessions.tracker import on_record
from tests.gateway.devices import NOON, followed, record


@given(st.lists(st.integers(1, 30), max_size=60))
def test_the_run_ends_below_the_first_record_that_is_missing(counters):
    after, stored = followed(), []
    for counter in counters:
        after, items = on_record(after, record(counter, elapsed_s=0), b"bytes", NOON, oldest=1)
        stored += [counter] if items else []
    missing = next(counter for counter in range(1, 32) if counter not in counters)
    assert after.kept.upto == missing - 1
    assert sorted(stored) == sorted(set(counters))
    assert all(counter in after.kept for counter in counters)


def test_records_without_a_word_on_the_oldest_come_in_order():
    after, _ = on_record(followed(), record(7), b"bytes", NOON)
    assert after.kept == Kept(upto=7, beyond=())


def test_what_is_below_the_oldest_is_not_waited_for():
    kept = NOTHING_KEPT.adding(5).begun_at(4)
    assert kept == Kept(upto=3, beyond=(5,))
    assert kept.begun_at(5) == Kept(upto=5, beyond=())
    assert kept.begun_at(1) == kept


def test_only_so_many_are_kept_beyond_a_missing_one_but_that_one_always_is():
    kept = Kept(upto=1, beyond=tuple(range(3, 3 + BEYOND)))
    assert not kept.takes(100)
    assert kept.takes(2)
    assert kept.adding(2) == Kept(upto=2 + BEYOND, beyond=())
