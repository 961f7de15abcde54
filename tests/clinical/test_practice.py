"""The figures that a clinic decides on: what it may decide, from when on it holds, and what it changes."""

from dataclasses import fields, replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinical.adherence.account import account_of
from clinical.errors import PracticeRefused
from clinical.figures import FIGURE, FIGURES, decide, differing, read_practice
from clinical.judgement import judge_course
from clinical.misuse.course_rules import course_at
from clinical.misuse.dose import too_short, under_dose
from clinical.misuse.examples.schedules import THRICE, began, over
from clinical.misuse.repeats import repeats
from clinical.misuse.wear import not_worn
from clinical.practice import PRACTICE, Practice, PracticeFrom, practice_at
from clinical.regimen import NO_LIMITS
from clinical.verdicts import Outcome
from tests.clinical.courses import course, done, phase, written
from tests.clinical.sessions import samples, session
from tests.clinical.test_repeats import DAY
from tests.clinical.test_repeats import done as broken_again
from vocabulary.devices import Feature
from vocabulary.quantities import Quantity, Unit

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HALF = replace(PRACTICE, taken_fraction=0.5)


def allowed(figure):
    """Numbers that a figure may be."""
    if figure.whole:
        return st.integers(int(figure.least), int(figure.most))
    return st.floats(figure.least, figure.most).map(lambda number: round(number, 3))


DECIDED = st.fixed_dictionaries({}, optional={one.name: allowed(one) for one in FIGURES})


def test_a_clinic_may_decide_on_every_figure():
    assert [one.field for one in FIGURES] == [one.name for one in fields(Practice)]


def test_what_the_product_does_is_what_a_clinic_may_decide():
    assert decide({one.name: one.number(PRACTICE) for one in FIGURES}) == PRACTICE
    assert differing(PRACTICE) == {}


@pytest.mark.parametrize(
    ("name", "number", "field", "value"),
    [
        ("taken_fraction", 0.75, "taken_fraction", 0.75),
        ("led_merge_gap_min", 7.5, "led_merge_gap", timedelta(minutes=7, seconds=30)),
        ("silence_floor_h", 36, "silence_floor", timedelta(hours=36)),
        ("drift_hours", 2, "drift_hours", 2.0),
        ("look_back_days", 35, "look_back_days", 35),
        ("day_starts_hour", 3, "day_starts", time(3)),
    ],
)
def test_a_figure_is_a_number_with_its_unit_in_its_name(name, number, field, value):
    assert decide({name: number}) == replace(PRACTICE, **{field: value})


@given(DECIDED)
def test_what_is_kept_of_a_practice_gives_it_back(wanted):
    try:
        practice = decide(wanted)
    except PracticeRefused:
        return
    assert read_practice(differing(practice)) == practice
    assert differing(practice).keys() <= wanted.keys()


@pytest.mark.parametrize("figure", FIGURES, ids=lambda one: one.name)
def test_a_figure_beyond_either_bound_is_refused_with_what_it_may_be(figure):
    step = 1 if figure.whole else 0.001
    for beyond in (figure.least - step, figure.most + step):
        with pytest.raises(PracticeRefused) as refused:
            decide({figure.name: beyond})
        assert refused.value.reasons == {figure.name: figure.expected}
    for within in (figure.least, figure.most):
        assert figure.number(read_practice({figure.name: within})) == within
        assert figure.allows(within)


def test_all_that_is_wrong_is_refused_at_once():
    wanted = {"taken_fraction": 0.1, "drift": 2.5, "again_days": True, "worn_probability": "0.8", "colour": 1}
    with pytest.raises(PracticeRefused) as refused:
        decide(wanted | {"learned": 20, "baseline": 14, "silence_floor_h": 12})
    reasons = refused.value.reasons
    assert reasons.keys() == wanted.keys() | {"learned"}
    assert reasons["taken_fraction"] == "expected a number from 0.5 to 1"
    assert reasons["drift"] == "expected a whole number from 2 to 10"
    assert reasons["learned"] == "expected at most baseline, which is 14"
    assert reasons["colour"].startswith("expected one of again_days, again_worse, ")


@given(st.dictionaries(st.sampled_from([*FIGURE, "other"]), st.none() | st.booleans() | st.text() | st.floats()))
def test_whatever_is_wanted_is_decided_or_refused_by_name(wanted):
    reasons = {}
    try:
        decide(wanted)
    except PracticeRefused as refused:
        reasons = refused.reasons
    assert reasons.keys() <= wanted.keys() | {"learned", "consecutive_days"}


def test_what_a_clinic_decided_holds_from_then_on_until_it_decides_again():
    decided = [PracticeFrom(practice=HALF, from_at=NOON), PracticeFrom(practice=PRACTICE, from_at=NOON + DAY)]
    moments = [NOON - timedelta(microseconds=1), NOON, NOON + DAY - timedelta(microseconds=1), NOON + DAY]
    assert [practice_at(decided, at) for at in moments] == [PRACTICE, HALF, HALF, PRACTICE]


@pytest.mark.parametrize(("share", "says"), [(0.49, Outcome.FIRES), (0.51, Outcome.CLEAR), (0.79, Outcome.CLEAR)])
def test_a_session_counts_in_full_from_where_its_clinic_says(share, says):
    given = session(dose=Quantity(1800.0 * share, Unit.JOULE), active=timedelta(minutes=4) * share, practice=HALF)
    exact = replace(given.calibration, dose_fraction=0.0)
    assert [rule.judge(_with(given, calibration=exact), NO_LIMITS).outcome for rule in (under_dose, too_short)] == [
        says,
        says,
    ]


def test_a_session_counts_as_worn_from_the_probability_that_its_clinic_says():
    given = session(features=(Feature.SKIN_TEMPERATURE,), samples=samples((33.0, *(34.3,) * 239)))
    lenient, strict = (replace(PRACTICE, worn_probability=one) for one in (0.6, 0.7))
    said = [not_worn.judge(_with(given, practice=one), NO_LIMITS).outcome for one in (lenient, strict)]
    assert said == [Outcome.CLEAR, Outcome.UNDETERMINED]  # the chance is 1 / (1 + exp(-0.6)), about 0.65


def _with(facts, **changes):
    return session(**({name: getattr(facts, name) for name in facts.__struct_fields__} | changes))


def test_weeks_are_judged_by_what_the_clinic_had_decided_by_then():
    half = [began(day, 0.6) for day in (0, 2, 4)]
    at = over(THRICE, half, on=8.0)
    decided = (PracticeFrom(practice=HALF, from_at=at.now + timedelta(hours=1)),)
    known = replace(at.course, practices=decided)

    def twice(now):
        return "partial-twice" in {one.rule for one in judge_course(course_at(known, now, worn={}))}

    assert (twice(at.now), twice(at.now + timedelta(hours=2))) == (True, False)


def test_what_is_done_again_is_held_against_the_figures_of_its_own_time():
    seldom = replace(PRACTICE, again_days=2)
    known = [broken_again(number, number * DAY, practice=PRACTICE if number < 4 else seldom) for number in range(1, 9)]
    again = repeats(known)
    assert [one.session.int for one in known if (one.session, one.rule) not in again] == [1, 4, 6, 8]


def test_a_therapy_day_starts_when_the_clinic_says():
    evening, night = datetime(2026, 3, 2, 20, tzinfo=UTC), datetime(2026, 3, 3, 2, tzinfo=UTC)
    sessions = [done(1, evening), done(2, night)]
    made = [
        account_of(course([written(phase(1, 1), from_at=NOON)], sessions, zone="UTC"), NOON + 3 * DAY, {}, practice)
        for practice in (PRACTICE, replace(PRACTICE, day_starts=time(1)))
    ]
    days = [[account.plan.days.of(one.earliest) for one in account.strands[0].uses] for account in made]
    assert days == [[date(2026, 3, 2)] * 2, [date(2026, 3, 2), date(2026, 3, 3)]]
