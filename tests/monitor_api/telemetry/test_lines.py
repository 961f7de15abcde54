"""Line protocol: which line a sample is, that it is the same each time, and that no other sample has its place."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from monitor_api.telemetry import axis
from monitor_api.telemetry.lines import lines, stretches
from tests.monitor_api.telemetry.blocks import blocks
from tests.service import CLINIC, UID, key_of, rf_samples
from vocabulary.devices import Zone
from vocabulary.wire.batches import Columns

AT = datetime(2026, 3, 1, 12, 0, 9, 500_000, tzinfo=UTC)
SECOND = 10**9


def samples_of(*given_blocks):
    return [line for line in lines([(key_of(one.counter), one) for one in given_blocks]) if line.startswith("sample,")]


def split(line):
    """Series, fields by name as they are written, and instant."""
    rest, at = line.rsplit(" ", 1)
    series, fields = rest.split(" ", 1)
    return series, dict(field.split("=", 1) for field in fields.split(",")), int(at)


def test_a_sample_is_a_line_with_its_device_as_a_tag_and_its_session_as_a_field():
    columns = Columns(active_s=[4], remaining_s=[0], signs=[1], skin_celsius=[40.25], battery_percent=[0])
    block = replace(rf_samples(3, 1, at=AT), zone=Zone.DECOLLETE, columns=columns)
    (line,) = samples_of(block)
    series, fields, at = split(line)
    assert series == f"sample,clinic={CLINIC},device={UID}"
    assert fields.pop("block").startswith('"3.')
    assert fields == {
        "session": f'"{key_of().session}"',
        "state": '"emitting"',
        "zone": '"décolleté"',
        "sequence": "3i",
        "active_s": "4i",
        "remaining_s": "0i",
        "signs": "1i",
        "skin_celsius": "40.25",
        "battery_percent": "0i",
    }
    assert at // SECOND == int(AT.timestamp())


def test_what_is_null_is_not_written_and_zero_is():
    block = rf_samples(0, 2, at=AT)
    null, zero = samples_of(replace(block, columns=replace(block.columns, skin_celsius=[None, 0.0])))
    assert "skin_celsius" not in split(null)[1]
    assert split(zero)[1]["skin_celsius"] == "0.0"


def test_a_measured_quantity_is_a_float_whatever_number_it_came_as():
    """A field of InfluxDB keeps the type of its first value, and refuses another."""
    block = rf_samples(0, 1, at=AT)
    (line,) = samples_of(replace(block, columns=replace(block.columns, rf_power_w=[8])))
    assert split(line)[1]["rf_power_w"] == "8.0"


def test_the_samples_of_a_block_are_a_second_apart_and_the_last_is_when_they_were_received():
    instants = [split(line)[2] for line in samples_of(rf_samples(0, 10, at=AT))]
    assert {later - earlier for earlier, later in pairwise(instants)} == {SECOND}
    assert instants[-1] // SECOND == int(AT.timestamp())


@settings(max_examples=30)
@given(block=blocks())
def test_the_same_block_is_the_same_lines(block):
    once, again = (list(lines([(key_of(), block)])) for _ in range(2))
    assert once == again


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 2000), st.integers(1, 60), st.floats(0, 3))
def test_blocks_of_a_session_that_follow_each_other_never_meet(first, size, jitter_s):
    """Twenty blocks whose samples all came within seconds, whatever is in them."""
    places = set()
    for number in range(20):
        at = AT + timedelta(seconds=jitter_s * number)
        places.update(split(line)[2] for line in samples_of(rf_samples(first + number * size, size, at=at)))
    assert len(places) == 20 * size


def test_thousands_of_blocks_at_one_instant_have_places_of_their_own_by_their_numbers():
    """By the hash alone, a few of 32 million pairs would meet."""
    blocks = (rf_samples(first, 1, at=AT) for first in range(8000))
    assert len({split(line)[2] for line in samples_of(*blocks)}) == 8000


def test_two_contents_under_one_number_at_one_instant_have_places_of_their_own():
    """One in 7.8 million pairs would meet; these are 2,000 times 1,999 / 2 pairs in 128 slots of that size."""
    contents = [samples_of(rf_samples(number, 1, skin=20 + number / 100, at=AT))[0] for number in range(2000)]
    assert len({split(line)[2] for line in contents}) >= 1998


def test_a_session_is_noted_in_each_hour_that_it_touches_once_a_group():
    late = AT.replace(minute=59, second=59)
    group = [(key_of(), rf_samples(first, at=late + timedelta(seconds=first))) for first in range(0, 100, 10)]
    notes = [line for line in lines(group) if line.startswith("session,")]
    assert len(notes) == 2
    begin, end = axis.notes_of(key_of())
    assert all(begin <= split(line)[2] < end for line in notes)
    assert all(split(line)[1] == {"id": f'"{key_of().session}"'} for line in notes)


@given(st.lists(st.datetimes(datetime(1970, 1, 1), datetime(2199, 12, 31), timezones=st.just(UTC)), min_size=1))  # noqa: DTZ001
def test_every_sample_lies_in_an_hour_that_its_notes_name(instants):
    group = [(key_of(), rf_samples(number * 10, at=at)) for number, at in enumerate(instants)]
    written = [split(line) for line in lines(group)]
    hours = list(axis.noted(at for series, _, at in written if series.startswith("session,")))
    for series, _, at in written:
        assert not series.startswith("sample,") or any(begin <= at < end for begin, end in hours)
    assert all(end < begin for (_, end), (begin, _) in pairwise(hours))


def rows_of(block):
    """The samples of a block as a query gives them."""
    return [
        {name: value.strip('"').removesuffix("i") for name, value in split(line)[1].items()}
        for line in samples_of(block)
    ]


PRESENT = replace(
    rf_samples(0, 2, at=AT),
    zone=Zone.DECOLLETE,
    columns=Columns(active_s=[1, 2], remaining_s=[0, 0], signs=[1, 1], skin_celsius=[None, 40.5]),
)
FIELDS = ("block", "state", "zone", "sequence", "active_s", "remaining_s", "signs", "skin_celsius")


@pytest.mark.parametrize("late", FIELDS)
def test_a_point_of_which_only_some_fields_are_there_yet_is_not_read(late):
    before, last = rows_of(PRESENT)
    (stretch,) = stretches([before, last | {late: ""}])
    assert (stretch.zone, stretch.columns) == (
        Zone.DECOLLETE,
        {"active_s": (1,), "remaining_s": (0,), "signs": (1,), "skin_celsius": (None,)},
    )


def test_samples_that_lack_a_quantity_and_those_that_have_it_are_one_block_again():
    (stretch,) = stretches(rows_of(PRESENT))
    assert stretch.columns["skin_celsius"] == (None, 40.5)
