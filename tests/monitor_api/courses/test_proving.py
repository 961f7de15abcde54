"""What a device's records prove: only what it named and what is here, and nobody is called before it has been read."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from clinical.adherence.slots import COUNTLESS
from monitor_api.courses.proving import Here, Named, missing_records

EVER = datetime(2000, 1, 1, tzinfo=UTC)
START = datetime(2026, 3, 2, 18, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def on(day: float) -> datetime:
    return START + day * DAY


def here(**began: float) -> dict[int, Here]:
    """Sessions by counter, `s3=1.5` began a day and a half after the start; all were heard of on the tenth day."""
    return {int(name[1:]): Here(on(day), on(day), on(10)) for name, day in began.items()}


def said(newest: int, at: datetime) -> Named:
    """A state that the service learned of at once."""
    return Named(newest, at, by_at=at, known_at=at)


def missing(named: list[tuple[int, float]], sessions: dict[int, Here]) -> list[tuple[int, datetime, datetime]]:
    found = missing_records([said(newest, on(day)) for newest, day in named], sessions)
    return [(one.count, one.after, one.before) for one in found]


def test_a_device_of_which_every_number_is_here_misses_nothing():
    assert missing([(3, 10)], here(s1=1, s2=2, s3=3)) == []
    assert missing([(0, 10)], {}) == []


def test_while_older_records_are_on_their_way_the_time_before_the_first_that_is_here_is_open():
    assert missing([(3, 10)], here(s3=3)) == [(2, EVER, on(3))]


def test_while_newer_records_are_on_their_way_the_time_after_the_last_that_is_here_is_open():
    assert missing([(5, 10)], here(s1=1, s2=2)) == [(3, on(2), on(10))]


def test_of_a_memory_that_was_overwritten_the_proof_holds_from_the_first_record_that_is_left():
    assert missing([(80, 10)], here(s79=3, s80=4)) == [(78, EVER, on(3))]


def test_records_that_are_gone_before_anybody_read_them_were_before_the_device_named_them():
    assert missing([(300, 1), (300, 10)], {}) == [(300, EVER, on(1))]


def test_a_hole_lies_between_its_neighbours_and_what_comes_fills_it():
    assert missing([(4, 10)], here(s1=1, s4=6)) == [(2, on(1), on(6))]
    assert missing([(4, 10)], here(s1=1, s2=2, s4=6)) == [(1, on(2), on(6))]
    assert missing([(4, 10)], here(s1=1, s2=2, s3=3, s4=6)) == []


def test_a_hole_lies_between_the_states_that_named_less_and_more():
    assert missing([(1, 5), (3, 7)], here(s1=1)) == [(2, on(5), on(7))]


def test_a_session_that_nothing_places_bounds_no_hole():
    sessions = here(s1=1) | {3: Here(None, None, on(10))}
    assert missing([(3, 10)], sessions) == [(1, on(1), on(10))]


def test_a_number_that_falls_leaves_the_time_between_open_and_its_numbers_anew():
    sessions = {number: one._replace(heard_at=on(4)) for number, one in here(s1=1, s2=2, s3=3).items()}
    assert missing([(3, 5), (0, 7)], sessions) == [(COUNTLESS, on(5), on(7))]
    assert missing([(3, 5), (0, 7), (2, 9)], sessions) == [(COUNTLESS, on(5), on(7)), (2, on(7), on(9))]


def test_after_a_number_fell_those_beyond_the_highest_before_are_sessions_again():
    sessions = here(s1=1, s2=2, s4=8)
    assert missing([(2, 5), (0, 7), (4, 9)], sessions) == [(COUNTLESS, on(5), on(7)), (3, on(7), on(8))]


def test_a_session_that_is_not_checked_yet_or_has_two_records_is_not_known():
    sessions = here(s1=1, s2=2, s3=3)
    sessions[2] = sessions[2]._replace(known=False)
    assert missing([(3, 10)], sessions) == [(1, on(1), on(3))]


def test_a_session_beyond_all_that_was_named_says_that_a_state_is_on_its_way():
    assert missing([(1, 5)], here(s1=1, s4=9)) == [(COUNTLESS, on(5), on(10))]


@st.composite
def lives(draw):
    """Sessions an hour long, by their start; when the device named how many were over; those that are here."""
    starts = sorted(draw(st.sets(st.integers(0, 40), max_size=8)))
    asked = sorted(draw(st.sets(st.integers(0, 60), min_size=1, max_size=6)))
    named = [said(sum(1 for one in starts if one + 1 <= at), START + at * HOUR) for at in asked]
    doubt = st.integers(0, 3).map(lambda hours: hours * HOUR)
    sessions = {
        number: Here(START + one * HOUR - draw(doubt), START + one * HOUR + draw(doubt), START + 60 * HOUR)
        for number, one in enumerate(starts, 1)
        if draw(st.booleans())
    }
    return [START + one * HOUR for one in starts], named, sessions


@given(lives())
def test_every_session_that_is_not_here_lies_where_one_is_missing(life):
    starts, named, sessions = life
    over = [(number, at) for number, at in enumerate(starts, 1) if at + HOUR <= named[-1].at]
    known = {number: one for number, one in sessions.items() if number <= named[-1].newest}
    found = list(missing_records(named, known))
    assert sum(one.count for one in found) == sum(1 for number, _ in over if number not in known)
    for number, at in over:
        assert number in known or any(one.after <= at <= one.before for one in found)


@given(lives(), st.integers(1, 8))
def test_a_record_more_never_opens_what_was_proven(life, number):
    starts, named, sessions = life
    more = dict(sessions)
    if number <= min(len(starts), named[-1].newest):
        more[number] = Here(starts[number - 1], starts[number - 1], START + 60 * HOUR)
    before, after = list(missing_records(named, sessions)), list(missing_records(named, more))
    assert sum(one.count for one in after) <= sum(one.count for one in before)
    for one in after:
        assert any(wide.after <= one.after and one.before <= wide.before for wide in before)
