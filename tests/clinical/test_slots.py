"""Each slot's state, by example; and the example of the physician's page."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from clinical.adherence.account import account_of
from clinical.adherence.definitions import adherence
from clinical.adherence.horizon import Horizon, Reach, Standing, horizon, salvage_rank
from clinical.adherence.slots import SlotState, Tally, slots_of
from clinical.adherence.states import Engagement, engagement
from clinical.adherence.worn import Worn
from clinical.course import Between
from clinical.practice import PRACTICE
from tests.clinical.courses import DAY, MINUTE, course, device, done, exactly, excuse, held, phase, written
from vocabulary.quantities import Quantity, Unit
from vocabulary.readings import EndReason

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
"""A Monday, 09:00 in Zurich."""

TAKEN, PARTIAL, MISSED, UNKNOWN, EXCUSED, OPEN = SlotState
BOUNDARY = datetime(2026, 3, 9, 2, 50, tzinfo=UTC)
"""Ten minutes before the second week of therapy days begins."""


def made(planned, sessions, *, on, proven=999, missing=0, worn=None, **changes):
    given = device(START, proven=START + DAY * proven, missing=missing)
    return account_of(
        course([written(planned, from_at=START)], sessions, [given], **changes), START + DAY * on, worn or {}, PRACTICE
    )


def states(account):
    (strand,) = account.strands
    return [[slot.state for slot in slots_of(one, account.now, PRACTICE)] for one in strand.recent]


def days(*numbers, **changes):
    return [done(index, START + DAY * number, **changes) for index, number in enumerate(numbers)]


@pytest.mark.parametrize(
    ("sessions", "changes", "expected"),
    [
        (days(0, 1, 2), {}, [TAKEN] * 3),
        (days(0, 1, 2, 3, 4), {}, [TAKEN] * 3),
        (days(0, share=0.8), {}, [TAKEN, MISSED, MISSED]),
        (days(0, share=0.79), {}, [PARTIAL, MISSED, MISSED]),
        (days(0, share=0.2), {}, [PARTIAL, MISSED, MISSED]),
        (days(0, share=0.19), {}, [MISSED] * 3),
        (days(0, share=1.9), {}, [TAKEN, MISSED, MISSED]),
        (days(0, recorded=False, share=0.5), {}, [UNKNOWN, MISSED, MISSED]),
        (days(0), {"proven": 6}, [TAKEN, UNKNOWN, UNKNOWN]),
        (days(0), {"missing": 1}, [TAKEN, UNKNOWN, MISSED]),
        ([done(1, None, heard_at=START + DAY)], {}, [UNKNOWN, MISSED, MISSED]),
        ([done(1, BOUNDARY, late=9 * MINUTE)], {}, [TAKEN, MISSED, MISSED]),
        ([done(1, BOUNDARY, late=10 * MINUTE)], {}, [UNKNOWN, MISSED, MISSED]),
        ([], {"excuses": (excuse(START, START + DAY),)}, [MISSED, MISSED, EXCUSED]),
        ([], {"holds": (held(START, None),)}, [EXCUSED] * 3),
    ],
)
def test_a_week_of_three_slots_is_what_its_sessions_and_records_say(sessions, changes, expected):
    assert states(made(phase(3, 7), sessions, on=7, **changes))[0] == expected


def test_a_start_that_may_be_of_two_rounds_leaves_doubt_in_both():
    found = states(made(phase(1, 7), [done(1, BOUNDARY, late=20 * MINUTE)], on=14))
    assert found[:2] == [[UNKNOWN], [UNKNOWN]]


@pytest.mark.parametrize("shares", [(0.1, 0.1, 1.0), (0.8, 0.1, 0.1, 0.1, 0.1)])
def test_parts_of_a_use_that_come_to_a_limit_exactly_are_within_it(shares):
    parts = [done(index, START + 10 * MINUTE * index, share=share) for index, share in enumerate(shares)]
    sure = {one.session: Worn(probability=exactly(1.0), dose_fraction=exactly(1.0)) for one in parts}
    (strand,) = made(phase(3, 7), parts, on=7, worn=sure).strands
    assert strand.recent[0].valid == Tally(low=1, high=1)


def test_the_slots_of_a_round_that_runs_are_open():
    assert states(made(phase(3, 7), days(0), on=2)) == [[TAKEN, OPEN, OPEN]]


def test_without_any_device_nothing_is_missed():
    account = account_of(course([written(phase(3, 7), from_at=START)]), START + 7 * DAY, {}, PRACTICE)
    assert states(account)[0] == [UNKNOWN] * 3


WEEKS = [
    *days(0, 1, 2, 3, 4),
    *[done(20 + n, START + DAY * (7 + n)) for n in range(7)],
    *[done(40 + n, START + DAY * (14 + n)) for n in range(3)],
    done(50, START + DAY * 18, share=0.5),
    done(60, START + DAY * 21),
]
SURELY = {one.session: Worn(probability=exactly(1.0), dose_fraction=exactly(1.0)) for one in WEEKS}


def test_the_example_of_the_page_is_between_70_and_90_percent_with_three_quarters_covered():
    account = made(phase(5, 7), WEEKS, on=28, proven=22, worn=SURELY)
    measure = adherence(account, account.strands[0])[0]
    assert (measure.share.low, measure.share.high, measure.coverage) == (0.7, 0.9, 0.75)
    assert measure.is_met is True


def test_dose_that_was_given_to_nobody_counts_for_the_first_measure_alone():
    nobody = {one.session: Worn(probability=exactly(0.0), dose_fraction=exactly(0.0)) for one in WEEKS}
    account = made(phase(5, 7), WEEKS, on=30, worn=nobody)
    a, b, c = adherence(account, account.strands[0])
    assert (a.share.low, b.share.high, c.share.high) == (0.7, 0.0, 0.0)


@pytest.mark.parametrize(
    ("low", "high", "share"),
    [(0.7, 0.7, (0.7, 0.7)), (0.69, 1.0, (0.0, 0.7)), (0.0, 0.7, (0.0, 0.7)), (0.0, 0.69, (0.0, 0.0))],
)
def test_a_session_of_which_nobody_knows_whether_it_was_worn_may_be_valid(low, high, share):
    """From a worn probability of 0.7 on it counts: 14 of 20 slots have a session of the planned dose."""
    perhaps = Worn(probability=Between(low=low, high=high), dose_fraction=Between(low=0.0, high=1.0))
    account = made(phase(5, 7), WEEKS, on=30, worn={one.session: perhaps for one in WEEKS})
    found = adherence(account, account.strands[0])[2].share
    assert (found.low, found.high) == share


def test_over_use_fills_no_other_slot_and_no_other_dose():
    account = made(phase(5, 7), WEEKS, on=28, worn=SURELY)
    assert adherence(account, account.strands[0])[1].share == exactly((5 + 5 + 3.5 + 1) / 20)


def test_a_session_that_a_safety_trip_ended_is_not_valid():
    tripped = [structs.replace(one, end_reason=EndReason.OVER_TEMPERATURE) for one in WEEKS]
    account = made(phase(5, 7), tripped, on=30, worn=SURELY)
    assert adherence(account, account.strands[0])[2].share == exactly(0.0)


@pytest.mark.parametrize(
    ("sessions", "on", "proven", "expected"),
    [
        (days(0, 1), 3, 3, Engagement.LEARNING),
        (days(*range(7)), 8, 8, Engagement.ACTIVE),
        (days(*range(7)), 40, 40, Engagement.INACTIVE),
        (days(*range(7)), 40, 30, Engagement.UNKNOWN),
    ],
)
def test_inactive_needs_proof(sessions, on, proven, expected):
    account = made(phase(1, 1), sessions, on=on, proven=proven)
    assert engagement(account, account.strands[0]) is expected


def test_a_target_is_reachable_until_its_last_day_and_lost_after_it():
    """A's 28 days, daily: 20 of 28. With none so far, the last 20 days are needed: from day 8 on of the last 28."""
    early = made(phase(1, 1), [], on=0)
    late = made(phase(1, 1), [], on=100, proven=100)
    assert horizon(early, early.strands[0]).standing is Standing.REACHABLE
    assert horizon(late, late.strands[0]).standing is Standing.LOST


def far(standing_days, misses):
    reach = Reach(last_day=START.date() + timedelta(days=standing_days), misses=misses, secured=False)
    return Horizon(definition=adherence_definition(), proven=reach, possible=reach)


def adherence_definition():
    account = made(phase(5, 7), [], on=28)
    return adherence(account, account.strands[0])[0].definition


def test_the_work_list_begins_with_the_nearest_last_day_and_ends_with_what_is_lost():
    lost = structs.replace(far(1, -1), proven=Reach(last_day=None, misses=-1, secured=False))
    lost = structs.replace(lost, possible=lost.proven)
    known = {"c": far(9, 1), "d": lost, "b": far(2, 3), "a": far(2, 1)}
    assert sorted(known, key=lambda one: salvage_rank(known[one].standing, known[one].deciding)) == ["a", "b", "c", "d"]


@given(tenths=st.integers(1, 400), percent=st.sampled_from([20, 80, 120]), off=st.sampled_from([-1, 0, 1]))
def test_a_dose_of_exactly_a_limit_counts_as_at_it_however_its_quotient_is_rounded(tenths, percent, off):
    """A thousandth of the planned dose beside the limit is not at it."""
    dose = float(Decimal(tenths) / 10 * (Decimal(percent) / 100 + Decimal(off) / 1000))
    planned = replace(phase(1, 7), dose=Quantity(float(Decimal(tenths) / 10), Unit.JOULE_PER_CM2))
    sure = Worn(probability=exactly(1.0), dose_fraction=exactly(1.0))
    session = done(1, START, dose=Quantity(dose, Unit.JOULE_PER_CM2))
    account = made(planned, [session], on=7, worn={session.session: sure})
    valid = account.strands[0].recent[0].valid.low
    whole = {20: [MISSED, PARTIAL, PARTIAL], 80: [PARTIAL, TAKEN, TAKEN], 120: [TAKEN] * 3}
    assert states(account)[0] == [whole[percent][off + 1]]
    assert valid == {20: (0, 0, 0), 80: (0, 1, 1), 120: (1, 1, 0)}[percent][off + 1]
