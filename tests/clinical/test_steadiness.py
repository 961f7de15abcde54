"""A verdict never changes without a new fact, a rule version or the clock; and the clock begins little by itself."""

from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from clinical.course import ClockStep, SerialGiven
from clinical.judgement import judge_course
from clinical.misuse.course_rules import course_at, when
from clinical.practice import PRACTICE
from tests.clinical.courses import DAY, MINUTE
from tests.clinical.test_adherence_oracle import courses

BY_THE_CLOCK = {"missed-slot", "clinical-silence", "technical-silence", "limits-unconfirmed"}
"""Rules about what did not happen: each names the time after which it says so."""


@st.composite
def known(draw):
    """A course some of whose devices gave several serials, no firmware, or had their clock set; when all was known."""
    start, one = draw(courses())
    minutes = st.integers(0, 60 * 24 * 60)
    devices = []
    for device in one.devices:
        serials = draw(st.dictionaries(st.sampled_from("ABC"), minutes, max_size=3))
        steps = draw(st.dictionaries(minutes, st.integers(-900, 900), max_size=3))
        given_ = [SerialGiven(serial=name, first_at=start + at * MINUTE) for name, at in serials.items()]
        jumped = [
            ClockStep(shown_by=f"1:{at}", at=start + at * MINUTE, by=by * MINUTE / 3, doubt=MINUTE / 2)
            for at, by in steps.items()
        ]
        devices.append(replace(device, serials=tuple(given_), clock_steps=tuple(jumped)))
    firmware = draw(st.sampled_from(["1.0.0", "", None]))
    sessions = tuple(structs.replace(each, firmware=firmware) for each in one.sessions)
    made = replace(one, sessions=sessions, devices=tuple(devices))
    return made, max([start + 61 * DAY, *(when(each) + DAY for each in one.sessions)])


def verdicts(one, now: datetime):
    return {each.id: each for each in judge_course(course_at(one, now, worn={}))}


@settings(max_examples=25, deadline=None)
@given(known(), st.integers())
def test_the_same_facts_in_any_order_are_judged_the_same_however_often(case, seed):
    one, now = case
    chance = Random(seed)
    shuffled = replace(
        one,
        sessions=tuple(chance.sample(one.sessions, len(one.sessions))),
        devices=tuple(chance.sample(one.devices, len(one.devices))),
    )
    before = verdicts(one, now)
    assert (verdicts(one, now), verdicts(shuffled, now)) == (before, before)


@settings(max_examples=40, deadline=None)
@given(known(), st.integers(1, 40 * 24 * 60))
def test_the_clock_alone_begins_nothing_but_what_did_not_happen_and_ends_what_is_too_old_to_tell(case, minutes):
    one, now = case
    later = now + minutes * MINUTE
    before, after = verdicts(one, now), verdicts(one, later)
    assert {each.rule for name, each in after.items() if name not in before} <= BY_THE_CLOCK
    told_since = later - timedelta(days=PRACTICE.look_back_days)
    gone = [each for name, each in before.items() if name not in after and each.rule not in BY_THE_CLOCK]
    assert all(each.began_at <= told_since + 7 * DAY for each in gone)
    stayed = [(each, after[name]) for name, each in before.items() if name in after]
    assert all(now_ == then for now_, then in stayed if now_.rule not in BY_THE_CLOCK)
