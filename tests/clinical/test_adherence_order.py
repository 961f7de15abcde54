"""The same facts, in whatever order they come, say the same; more proof never says less."""

from dataclasses import replace
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from clinical.adherence.account import account_of
from clinical.adherence.definitions import adherence
from clinical.adherence.horizon import horizon
from clinical.adherence.slots import SlotState, slots_of
from clinical.adherence.worn import Worn
from clinical.course import Between
from clinical.judgement import judge_course
from clinical.misuse.course_rules import course_at
from clinical.practice import PRACTICE
from tests.clinical.courses import MINUTE
from tests.clinical.test_adherence_oracle import LENGTH, courses


def verdicts(one, now, worn=None):
    """Everything that is said of a course."""
    at = course_at(one, now, worn=worn or {})
    measures = [(adherence(at.account, strand), horizon(at.account, strand)) for strand in at.account.strands]
    return judge_course(at), measures


@settings(max_examples=25, deadline=None)
@given(courses(), st.integers(0, LENGTH), st.integers())
def test_sessions_that_come_late_twice_or_in_another_order_end_in_the_same_verdicts(case, minute, seed):
    start, one = case
    chance = Random(seed)
    arrived = [*one.sessions, *one.sessions[: chance.randint(0, 5)]]
    chance.shuffle(arrived)
    now = start + MINUTE * minute
    assert verdicts(replace(one, sessions=tuple(arrived)), now) == verdicts(one, now)


def shares(one, now, worn):
    made = account_of(one, now, worn, PRACTICE)
    return [(m.definition.id, m.share, m.coverage) for strand in made.strands for m in adherence(made, strand)]


def proven(one, until):
    """The course with its records here without a hole up to an instant."""
    return replace(
        one,
        devices=tuple(
            replace(each, proof=replace(each.proof, until=until)) if each.proof else each for each in one.devices
        ),
    )


@settings(max_examples=40, deadline=None)
@given(courses(), st.integers(0, LENGTH), st.integers(0, LENGTH), st.integers(0, 20000))
def test_more_proof_never_widens_an_interval_nor_lowers_its_coverage(case, minute, until, more):
    start, one = case
    now = start + MINUTE * minute
    before = shares(proven(one, start + MINUTE * until), now, {})
    after = shares(proven(one, start + MINUTE * (until + more)), now, {})
    for (_, wide, some), (_, narrow, most) in zip(before, after, strict=True):
        assert (wide is None) == (narrow is None)
        if wide:
            assert wide.low <= narrow.low <= narrow.high <= wide.high
            assert some <= most


@settings(max_examples=25, deadline=None)
@given(courses(), st.integers(0, LENGTH), st.floats(0, 1), st.floats(0, 1))
def test_to_know_better_whether_a_device_was_worn_never_widens_an_interval(case, minute, one_end, other_end):
    start, one = case
    low, high = sorted((one_end, other_end))
    between = Between(low=low, high=high)
    worn = {each.session: Worn(probability=between, dose_fraction=between) for each in one.sessions}
    now = start + MINUTE * minute
    for (_, wide, _), (_, narrow, _) in zip(shares(one, now, {}), shares(one, now, worn), strict=True):
        assert wide is None or wide.low <= narrow.low <= narrow.high <= wide.high


@settings(max_examples=40, deadline=None)
@given(courses(), st.integers(0, LENGTH))
def test_no_slot_is_missed_while_a_record_of_its_days_can_arrive_and_all_slots_are_told(case, minute):
    start, one = case
    now = start + MINUTE * minute
    for strand in account_of(one, now, {}, PRACTICE).strands:
        for judged in strand.recent:
            states = [slot.state for slot in slots_of(judged, now, PRACTICE)]
            assert len(states) == judged.round.planned
            assert states.count(SlotState.TAKEN) == judged.taken.low
            assert states.count(SlotState.EXCUSED) == judged.round.excused
            if judged.unseen >= judged.round.due:
                assert SlotState.MISSED not in states
