"""Who fell silent and who is back, by rules written here in minutes."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from monitor_api.records.presence import Part
from monitor_api.watch.silence import Heard, Present, Subject, decide

NOW = datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
LONG_AGO = NOW - timedelta(hours=1)
JUST_NOW = NOW - timedelta(seconds=3)
INGEST, BROKER = Subject(part=Part.INGEST, name="ingest"), Subject(part=Part.BROKER, name="broker")
HOME, OTHER = Subject(part=Part.GATEWAY, name="home-1"), Subject(part=Part.GATEWAY, name="home-2")
THERE = Present(since=LONG_AGO, seen=JUST_NOW)
GONE = Present(since=LONG_AGO, seen=NOW - timedelta(seconds=31))
BACK_JUST_NOW = Present(since=NOW - timedelta(seconds=20), seen=JUST_NOW)


def turns(*overdue, ingest=THERE, broker=THERE, silent=(), leading_since=LONG_AGO):
    present = {part: seen for part, seen in ((Part.INGEST, ingest), (Part.BROKER, broker)) if seen}
    heard = Heard(now=NOW, leading_since=leading_since, present=present, overdue=overdue, silent=silent)
    decided = decide(heard)
    return list(decided.fell), list(decided.back)


def test_a_gateway_that_is_overdue_fell_silent():
    assert turns(HOME) == ([HOME], [])


def test_a_silence_that_is_known_is_not_said_again():
    assert turns(HOME, OTHER, silent=[HOME]) == ([OTHER], [])


def test_a_gateway_that_was_heard_is_back():
    assert turns(silent=[HOME]) == ([], [HOME])


def test_while_ingest_is_silent_that_is_said_once_and_nothing_of_the_gateways():
    assert turns(HOME, OTHER, ingest=GONE, broker=GONE) == ([INGEST], [])
    assert turns(HOME, OTHER, ingest=GONE, broker=GONE, silent=[INGEST]) == ([], [])


def test_while_ingest_is_there_and_the_broker_is_not_it_is_the_broker():
    assert turns(HOME, broker=GONE) == ([BROKER], [])


def test_an_ingest_that_never_was_there_is_silent():
    assert turns(ingest=None, broker=None) == ([INGEST], [])


def test_gateways_have_time_to_be_heard_after_an_outage_of_ours():
    assert turns(HOME, ingest=BACK_JUST_NOW, broker=BACK_JUST_NOW, silent=[INGEST]) == ([], [INGEST])
    assert turns(HOME, broker=BACK_JUST_NOW) == ([], [])


def test_a_watch_that_has_just_begun_says_of_nobody_that_they_fell_silent():
    begun = NOW - timedelta(seconds=60)
    assert turns(HOME, leading_since=begun) == ([], [])
    assert turns(HOME, ingest=GONE, leading_since=begun) == ([], [])
    assert turns(HOME, leading_since=NOW - timedelta(seconds=65)) == ([HOME], [])


def test_of_a_broker_nothing_is_known_while_ingest_is_gone():
    assert turns(ingest=GONE, broker=THERE, silent=[INGEST, BROKER]) == ([], [])


presents = st.sampled_from([None, THERE, GONE, BACK_JUST_NOW])
subjects = st.frozensets(st.sampled_from([HOME, OTHER]))
known = st.frozensets(st.sampled_from([HOME, OTHER, INGEST, BROKER]))


@given(ingest=presents, broker=presents, overdue=subjects, silent=known, led_s=st.integers(0, 200))
def test_nobody_falls_silent_twice_or_falls_and_returns_at_once_or_beside_what_explains_it(
    ingest, broker, overdue, silent, led_s
):
    fell, back = turns(
        *overdue, ingest=ingest, broker=broker, silent=silent, leading_since=NOW - timedelta(seconds=led_s)
    )
    assert not set(fell) & silent
    assert set(back) <= silent
    assert len({subject.part for subject in fell}) <= 1
    if led_s < 65:
        assert fell == []
