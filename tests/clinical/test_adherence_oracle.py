"""Slots, measures and horizon agree with an oracle that walks minute by minute, in every hard zone."""

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from clinical.adherence.account import account_of
from clinical.adherence.definitions import consecutive, frequency
from clinical.adherence.horizon import horizon
from clinical.adherence.worn import Worn
from clinical.course import Excuse, Hold
from clinical.practice import Practice
from tests.clinical.courses import DAY, DEVICE, MINUTE, course, device, done, exactly, excuse, held, phase, written
from tests.clinical.oracle_adherence import Walk, reach, taken
from vocabulary.devices import Modality
from vocabulary.identity import DeviceUid

PRACTICE = Practice(frequency_days=8, first_days=12, consecutive_days=5)
OTHER = DeviceUid("00000000000000bb")
LENGTH = 13 * 1440

NIGHTS = [
    ("Europe/Zurich", datetime(2026, 3, 24, 12, tzinfo=UTC)),
    ("America/New_York", datetime(2026, 10, 27, 12, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 3, 31, 12, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 9, 29, 12, tzinfo=UTC)),
    ("Asia/Kolkata", datetime(2026, 3, 24, 12, tzinfo=UTC)),
    ("Pacific/Chatham", datetime(2026, 9, 22, 12, tzinfo=UTC)),
    ("Pacific/Apia", datetime(2011, 12, 27, 12, tzinfo=UTC)),
]
"""A week around a change of clocks, or of the date."""

phases = st.one_of(
    st.builds(phase, frequency=st.integers(1, 4), days=st.integers(1, 4)),
    st.builds(phase, weekdays=st.sets(st.integers(0, 6), min_size=1).map(sorted)),
)

of_whom = st.none() | st.sampled_from(Modality)


@st.composite
def minutes_of(draw, start, most=LENGTH):
    return start + MINUTE * draw(st.integers(0, most))


@st.composite
def sessions_from(draw, start):
    found = []
    for counter in range(draw(st.integers(0, 9))):
        late = draw(st.sampled_from([0, 0, 0, 2, 240, 1600])) * MINUTE
        at = draw(minutes_of(start, LENGTH - 3000))
        share = draw(st.sampled_from([0.1, 0.5, 0.8, 1.0, 1.0, 1.3]))
        recorded = draw(st.sampled_from([True, True, True, False]))
        uid = draw(st.sampled_from([DEVICE, DEVICE, OTHER]))
        found.append(done(counter, at, share=share, late=late, recorded=recorded, device=uid))
        if draw(st.booleans()):
            again = at + MINUTE * draw(st.integers(10, 17))
            found.append(done(counter + 100, again, share=share, late=late, device=uid))
    return found


@st.composite
def courses(draw, nights=tuple(NIGHTS)):
    zone, start = draw(st.sampled_from(nights))
    change = draw(st.none() | minutes_of(start))
    first, second = draw(phases), draw(phases)
    opening = replace(first, lasts=DAY * draw(st.integers(1, 9)))
    regimens = [written(opening, second, from_at=start, until_at=change)]
    if change:
        regimens.append(written(draw(phases), from_at=change, version=2))
    away = [
        make(at, at + MINUTE * draw(st.integers(1, 4000)), modality=draw(of_whom))
        for make, most in ((excuse, 2), (held, 1))
        for at in draw(st.lists(minutes_of(start), max_size=most))
    ]
    return start, course(
        regimens,
        draw(sessions_from(start)),
        draw(devices(start)),
        zone,
        excuses=tuple(one for one in away if isinstance(one, Excuse)),
        holds=tuple(one for one in away if isinstance(one, Hold)),
    )


@st.composite
def devices(draw, start):
    proven = draw(st.none() | minutes_of(start) | st.just(start + MINUTE * LENGTH))
    returned = draw(st.none() | minutes_of(start, 8 * 1440).map(lambda at: at + DAY))
    one = device(start, proven=proven, returned_at=returned, missing=draw(st.sampled_from([0, 0, 0, 40])))
    return (
        []
        if draw(st.integers(0, 9)) == 0
        else [one, *([device(start, proven=proven, uid=OTHER)] * draw(st.booleans()))]
    )


def walk_of(start, one):
    return Walk(one, start - 2 * DAY, start + MINUTE * LENGTH + 9 * DAY, Modality.LED)


def account(one, now):
    worn = {each.session: Worn(probability=exactly(1.0), dose_fraction=exactly(1.0)) for each in one.sessions}
    return account_of(one, now, worn, PRACTICE)


def is_taken(share):
    """Shares that reach a limit exactly are at it, also where they are sums."""
    return round(share, 9) >= 0.8


def is_valid(share):
    return 0.8 <= round(share, 9) <= 1.2


def found_of(walk, counts):
    """Of every round: its days, the slots due, the least and the most taken, and how many fit in a day."""
    uses = walk.uses()
    return [
        (members, due, *taken(uses, members, due, counts, due if walk.unseen(members) else 0), per_day)
        for members, _, due, per_day in walk.rounds()
    ]


def between(least, most, due):
    return (least / due, most / due) if due else None


def interval(measure):
    return (measure.share.low, measure.share.high) if measure.share else None


@settings(max_examples=25, deadline=None)
@given(courses(), st.integers(0, LENGTH))
def test_the_slots_of_every_round_that_is_over_are_those_of_all_possible_worlds(case, minute):
    start, one = case
    now = start + MINUTE * minute
    (strand,) = account(one, now).strands
    walk = walk_of(start, one)
    over = {r[0][0]: r for r in found_of(walk, is_taken)}
    judged = [r for r in strand.recent if r.round.ends_at <= now]
    assert [(r.round.first, r.round.due, r.taken.low, r.taken.high) for r in judged] == [
        (r.round.first, *over[r.round.first][1:4]) for r in judged
    ]
    assert {day for day in over if over[day][0][-1] < walk.day_at[now] and day > walk.day_at[now] - 8 * DAY} <= {
        r.round.first for r in judged
    }


@settings(max_examples=25, deadline=None)
@given(courses(), st.integers(0, LENGTH))
def test_the_first_measure_is_the_sum_of_the_worlds_of_the_rounds_that_ended_in_its_days(case, minute):
    start, one = case
    now = start + MINUTE * minute
    made = account(one, now)
    walk = walk_of(start, one)
    today = walk.day_at[now]
    found = [r for r in found_of(walk, is_taken) if today - 8 * DAY <= r[0][-1] < today]
    expected = between(*(sum(r[index] for r in found) for index in (2, 3, 1)))
    assert interval(frequency(made, made.strands[0])) == expected


@settings(max_examples=25, deadline=None)
@given(courses(), st.integers(0, LENGTH))
def test_the_third_measure_is_that_of_the_best_consecutive_days_that_are_over(case, minute):
    start, one = case
    now = start + MINUTE * minute
    made = account(one, now)
    walk = walk_of(start, one)
    found, first = found_of(walk, is_valid), walk.day_at[start]
    shares = []
    for begin in range(12 - 5 + 1):
        days = [first + DAY * (begin + index) for index in range(5)]
        if days[-1] < walk.day_at[now]:
            held = [r for r in found if r[0][-1] in days]
            shares.append(between(*(sum(r[index] for r in held) for index in (2, 3, 1))))
    shares = [one for one in shares if one]
    expected = (max(low for low, _ in shares), max(high for _, high in shares)) if shares else None
    assert interval(consecutive(made, made.strands[0])) == expected


def spans_of(rounds, first, length, starts):
    """Which rounds end in each window of days, by index."""
    windows = [[first + DAY * (start + index) for index in range(length)] for start in range(starts)]
    return [[index for index, r in enumerate(rounds) if r[0][-1] in window] for window in windows]


@settings(max_examples=25, deadline=None)
@given(courses(tuple(NIGHTS[:-1])), st.integers(0, LENGTH))
def test_the_horizon_is_what_walking_every_day_that_is_left_finds(case, minute):
    """Of what can be known by now: nobody has heard of a session that is still to come."""
    start, one = case
    now = start + MINUTE * minute
    one = replace(
        one,
        sessions=tuple(s for s in one.sessions if s.started.earliest <= now),
        devices=tuple(
            replace(d, proof=d.proof and replace(d.proof, until=min(now, d.proof.until))) for d in one.devices
        ),
    )
    made = account(one, now)
    walk = walk_of(start, one)
    today, first, away = walk.day_at[now], walk.day_at[start], walk.away()
    held = horizon(made, made.strands[0])
    by_dose = held is not None and held.definition.id == "adherence-cms"
    found = found_of(walk, is_valid if by_dose else is_taken)
    running = max((r[0][-1] for r in found if r[0][0] <= today), default=today - DAY)
    spans = spans_of(found, first, 5, 8) if by_dose else spans_of(found, running - 7 * DAY, 8, 1)
    left = {day for day in walk.minutes if day not in away}
    proven = [(days, due, least, per_day) for days, due, least, _, per_day in found]
    expected = reach(proven, spans, 0.7, today, left)
    assert (held and (held.proven.last_day, held.proven.misses, held.proven.secured)) == (
        None if expected[1] is None else expected
    )
