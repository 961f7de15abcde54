"""The tracker: every sample a device produced is either an item or in a gap, whatever the link did."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.sessions.numbers import whole_counter, whole_sequence
from gateway.sessions.tracker import on_mark, on_reading, on_record
from gateway.sessions.urgency import is_urgent
from tests.gateway.devices import NOON, UID, followed, mark, reading, record
from vocabulary.devices import DeviceState
from vocabulary.readings import Sign
from vocabulary.wire.batches import Gap, SampleBlock


def feed(after, *numbers, counter=1):
    items = []
    for number in numbers:
        after, new = on_reading(after, reading(number, counter), NOON)
        items += new
    return after, items


def names(items):
    """Every sample number an item holds or declares missing, in order, by session."""
    return sorted(
        (item.counter, number)
        for item in items
        if isinstance(item, SampleBlock | Gap)
        for number in (range(item.first, item.last + 1) if isinstance(item, Gap) else [item.first])
    )


def test_a_sample_is_named_by_session_and_number():
    _, items = feed(followed(newest=41), 0, 1, counter=42)
    assert [(item.device, item.counter, item.first) for item in items] == [(UID, 42, 0), (UID, 42, 1)]


def test_a_skipped_number_is_a_gap_at_once():
    _, items = feed(followed(), 0, 1, 5)
    assert items[2] == Gap(device=UID, counter=1, first=2, last=4)


def test_a_gateway_that_joins_late_declares_what_it_missed():
    _, items = feed(followed(), 30)
    assert items[0] == Gap(device=UID, counter=1, first=0, last=29)


def test_a_sample_that_comes_again_is_dropped():
    after, first = feed(followed(), 0, 1)
    assert feed(after, 0, 1)[1] == []
    assert len(first) == 2


def test_a_record_says_what_the_end_of_the_session_lost():
    after, _ = feed(followed(), *range(100))
    _, (gap, stored) = on_record(after, record(elapsed_s=600), b"bytes", NOON)
    assert gap == Gap(device=UID, counter=1, first=100, last=599)
    assert stored.data == b"bytes"


def test_a_session_that_nobody_saw_is_one_gap_and_its_record():
    _, (gap, _) = on_record(followed(), record(elapsed_s=240), b"bytes", NOON)
    assert (gap.first, gap.last) == (0, 239)


def test_a_record_that_comes_after_the_next_session_began_still_knows_its_samples():
    after, _ = feed(followed(), *range(240))
    after, _ = feed(after, 0, 1, 2, counter=2)
    after, items = on_record(after, record(counter=1, elapsed_s=240), b"bytes", NOON)
    assert [type(item).__name__ for item in items] == ["StoredRecord"]
    assert feed(after, 3, counter=2)[1][0].first == 3


def test_the_low_bits_of_a_number_that_wrapped_are_made_whole():
    after, _ = feed(followed(), 65534, 65535, 65536, 65537)
    _, items = feed(after, 65538)
    assert items[0].first == 65538
    assert whole_counter(low=3, newest=0x1FFFE) == 0x20003
    assert whole_counter(low=0xFFFE, newest=0x1FFFE) == 0x1FFFE


def test_no_session_has_the_counter_zero():
    assert whole_counter(low=0, newest=0) == 0x10000


@given(st.integers(0, 2**31), st.integers(-30000, 30000))
def test_a_sequence_number_is_whole_again_within_half_a_wrap(expected, step):
    number = max(0, expected + step)
    assert whole_sequence(number & 0xFFFF, expected) == number


@given(st.lists(st.tuples(st.integers(1, 60), st.sets(st.integers(0, 59))), min_size=1, max_size=5), st.data())
def test_stored_plus_in_gaps_is_produced_whatever_the_link_lost(sessions, data):
    after, items = followed(), []
    for counter, (produced, lost) in enumerate(sessions, start=1):
        after, new = feed(after, *sorted(set(range(produced)) - lost), counter=counter)
        items += new
        if data.draw(st.booleans(), "again"):
            after, again = feed(after, *range(produced - 1), counter=counter)
            items += again
        after, new = on_record(after, record(counter=counter, elapsed_s=produced), b"bytes", NOON)
        items += new
    expected = [(counter, n) for counter, (produced, _) in enumerate(sessions, start=1) for n in range(produced)]
    assert names(items) == expected


def test_a_mark_moves_the_newest_record_on():
    after, (item,) = on_mark(followed(), mark(newest=7), NOON)
    assert (after.newest, item.newest) == (7, 7)


@pytest.mark.parametrize(
    ("block", "urgent"),
    [
        (reading(0), True),
        (reading(1), False),
        (reading(1, skin_celsius=34.9), False),
        (reading(1, skin_celsius=35.0), True),
        (replace(reading(1), state=DeviceState.FAULT), True),
        (replace(reading(1), measurement=replace(reading(1).measurement, signs=Sign.TRIP)), True),
    ],
)
def test_start_warm_skin_trip_and_fault_do_not_wait_for_company(block, urgent):
    before, _ = feed(followed(), 0) if block.sequence_low else (followed(), ())
    _, (item,) = on_reading(before, block, NOON)
    assert is_urgent(item) is urgent
