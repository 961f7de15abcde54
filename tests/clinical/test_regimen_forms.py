"""The forms of a regimen: canonical bytes, FHIR timings, differences in words, and templates with sources."""

import json
from dataclasses import replace
from datetime import timedelta
from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinical.errors import NotCanonical, RegimenRefused
from clinical.plan import Timing, Weekday
from clinical.regimen import Regimen
from clinical.regimen.canonical import canonical
from clinical.regimen.changes import changes, written_changes
from clinical.regimen.fhir import Repeat, from_fhir, to_fhir
from clinical.regimen.templates import TEMPLATES, Mark
from clinical.regimen.wording import lasting_words, timing_words, window_words
from tests.clinical.test_regimen import DOSE, GOOD, MINUTES
from tests.regimens import WEEK, weekly
from vocabulary.quantities import Quantity, Unit


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": 1, "a": None, "ä": True}, '{"a":null,"b":1,"ä":true}'),
        ({"€": 1, "\r": 2, "1": 3, "😂": 4, "\ufb33": 5}, '{"\\r":2,"1":3,"€":1,"😂":4,"\ufb33":5}'),  # RFC 8785, 3.2.3
        ([36, 36.0, -0.0, 39.6, 0.1, 1e-06, 123456789.25], "[36,36,0,39.6,0.1,0.000001,123456789.25]"),
        ('\u0001"\\/\n', '"\\u0001\\"\\\\/\\n"'),
        ([], "[]"),
        ({}, "{}"),
    ],
)
def test_a_value_is_written_in_one_way(value, text):
    assert canonical(value) == text.encode()


@pytest.mark.parametrize("value", [nan, inf, 1e-7, 1e15 + 0.5, 2**53 + 1, 1e300, {1: 2}, "\ud800", {"a": [b""]}])
def test_what_has_no_one_way_to_be_written_is_refused(value):
    with pytest.raises(NotCanonical):
        canonical(value)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(1e-6, 1e15, exclude_max=True)
    | st.text("aü😂\n"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("aü😂\n"), inner, max_size=3),
    max_leaves=8,
)


@given(value=JSON)
def test_canonical_bytes_are_json_of_the_same_value_and_of_no_other(value):
    assert json.loads(canonical(value)) == value
    assert canonical(json.loads(canonical(value))) == canonical(value)


def test_three_a_week_for_eight_weeks_is_the_timing_that_fhir_gives():
    phase = weekly(3, timedelta(minutes=10), DOSE, 8)
    assert to_fhir(phase) == {
        "repeat": {
            "boundsDuration": {"value": 8, "unit": "wk", "system": "http://unitsofmeasure.org", "code": "wk"},
            "duration": 10,
            "durationUnit": "min",
            "frequency": 3,
            "period": 1,
            "periodUnit": "wk",
        }
    }


def test_days_of_the_week_are_once_each_in_fhir():
    repeat = to_fhir(weekly(2, MINUTES, DOSE, None, Weekday.MONDAY, Weekday.THURSDAY))["repeat"]
    assert (repeat["dayOfWeek"], repeat["frequency"], repeat["period"], repeat["periodUnit"]) == (
        ["mon", "thu"],
        1,
        1,
        "wk",
    )


plans = st.builds(
    lambda times, days, weeks, seconds, named: replace(
        weekly(1, timedelta(seconds=seconds), DOSE, weeks),
        timing=Timing(frequency=len(named), period=WEEK, weekdays=tuple(sorted(named)))
        if named
        else Timing(frequency=times, period=timedelta(days=days), weekdays=()),
    ),
    st.integers(1, 3),
    st.integers(1, 92),
    st.none() | st.integers(1, 104),
    st.integers(1, 7200),
    st.sets(st.sampled_from(Weekday), max_size=7),
)


@given(phase=plans)
def test_a_phase_comes_back_from_fhir_as_it_went(phase):
    told = from_fhir(json.loads(json.dumps(to_fhir(phase))))
    assert (told.timing, told.lasts, told.duration) == (phase.timing, phase.lasts, phase.duration)


@pytest.mark.parametrize(
    ("repeat", "fields"),
    [
        ({"timeOfDay": ["08:00"]}, {"repeat.timeOfDay"}),
        ({"periodUnit": "mo", "frequency": "3"}, {"repeat.periodUnit", "repeat.frequency"}),
        ({"dayOfWeek": ["mon", "someday"], "frequency": 1}, {"repeat.dayOfWeek"}),
        ({"frequency": 22}, {"repeat.frequency"}),
        ({"boundsDuration": {"value": 1, "code": "mo"}}, {"repeat.boundsDuration"}),
        ({"duration": None}, {"repeat.duration"}),
        ({"duration": -5}, {"repeat.duration"}),
        ({"duration": 0}, {"repeat.duration"}),
        ({"duration": 1e-300}, {"repeat.duration"}),
        ({"duration": 121}, {"repeat.duration"}),
        ({"duration": 10**400, "period": 10**400, "frequency": 10**400}, {"repeat.duration", "repeat.period"}),
        ({"frequency": 10**400}, {"repeat.frequency"}),
        ({"period": 0.5}, {"repeat.period"}),
        ({"period": True, "periodUnit": ["d"]}, {"repeat.period", "repeat.periodUnit"}),
        ({"dayOfWeek": ["mon", "mon"], "frequency": 1}, {"repeat.dayOfWeek"}),
        ({"dayOfWeek": ["mon"], "frequency": 1, "period": 2}, {"repeat.period"}),
        ({"dayOfWeek": "mon", "frequency": 1}, {"repeat.dayOfWeek"}),
        ({"boundsDuration": {"value": -2, "code": "wk"}}, {"repeat.boundsDuration"}),
        ({"boundsDuration": {"value": 1e-300, "code": "wk"}}, {"repeat.boundsDuration"}),
        ({"boundsDuration": {"value": 10, "code": "d"}}, {"repeat.boundsDuration"}),
        ({"boundsDuration": {"value": 105, "code": "wk"}}, {"repeat.boundsDuration"}),
        ({"boundsDuration": {"value": 4, "code": "wk", "comparator": "<"}}, {"repeat.boundsDuration"}),
        ({"boundsDuration": None}, {"repeat.boundsDuration"}),
    ],
)
def test_a_timing_that_says_something_else_is_refused_with_every_part(repeat, fields):
    good = to_fhir(weekly(3, MINUTES, DOSE))["repeat"]
    with pytest.raises(RegimenRefused) as refusal:
        from_fhir({"repeat": good | repeat})
    assert refusal.value.reasons.keys() == fields


def test_every_part_of_a_timing_that_is_wrong_is_refused_at_once():
    with pytest.raises(RegimenRefused) as refusal:
        from_fhir({"event": [], "repeat": {"count": 3, "period": -1, "durationUnit": "d"}})
    assert refusal.value.reasons.keys() == {"event"} | {
        f"repeat.{name}" for name in ("count", "frequency", "period", "periodUnit", "duration", "durationUnit")
    }


@pytest.mark.parametrize("timing", [None, [], "repeat", 3, {}, {"repeat": []}, {"repeat": None}])
def test_what_is_no_timing_is_refused(timing):
    with pytest.raises(RegimenRefused, match="repeat: expected an object"):
        from_fhir(timing)


NAMES = ["frequency", "period", "periodUnit", "duration", "durationUnit", "dayOfWeek", "boundsDuration", "other"]
UNITS = st.sampled_from(["s", "min", "h", "d", "wk", "mo", "mon", "sun"])
NUMBERS = st.integers() | st.integers(0, 30) | st.floats() | st.sampled_from([1, 2, 7, 10**400, -(10**400)])
VALUES = st.none() | st.booleans() | NUMBERS | UNITS | st.text() | st.lists(UNITS | NUMBERS, max_size=4)
PARTS = VALUES | st.dictionaries(st.sampled_from(["value", "code", "unit", "system", "other"]), VALUES)


@given(st.one_of(VALUES, st.fixed_dictionaries({"repeat": st.dictionaries(st.sampled_from(NAMES), PARTS)})))
def test_whatever_json_a_timing_is_it_is_a_phase_within_bounds_or_refused(timing):
    try:
        told = from_fhir(timing)
    except RegimenRefused as refused:
        told = refused.reasons
    match told:
        case Repeat(timing=read, lasts=lasts, duration=duration):
            assert timedelta(0) < duration <= timedelta(hours=2)
            assert lasts is None or timedelta(0) < lasts <= timedelta(weeks=104)
            assert timedelta(days=1) <= read.period <= timedelta(days=92)
            assert 1 <= read.frequency <= 3 * read.period.days
        case reasons:
            assert reasons


def test_a_difference_names_each_field_with_old_and_new_in_words():
    old = Regimen(**GOOD)
    new = replace(
        old,
        version=2,
        phases=(weekly(2, MINUTES, Quantity(1500.0, Unit.JOULE), 4), *old.phases[1:]),
        limits=replace(old.limits, rest=None),
        most_per_day=1,
    )
    assert [(one.field, one.words) for one in changes(old, new)] == [
        ("phases.0.timing.frequency", "Phase 1, sessions: 3 → 2"),
        ("phases.0.dose", "Phase 1, dose of a session: 1800 J → 1500 J"),
        ("limits.rest_s", "Rest: 24 h → not set"),
        ("most_per_day", "Sessions at most in 24 hours: not set → 1"),
    ]


@pytest.mark.parametrize(
    ("field", "old", "new", "words"),
    [
        ("phases.0.duration_s", 600.0, 570.0, "Phase 1, duration of a session: 10 min → 9 min 30 s"),
        ("phases.0.duration_s", 600.0, 600.25, "Phase 1, duration of a session: 10 min → 10 min 0.25 s"),
        ("limits.duration_s", 90, 0, "Back-up time: 1 min 30 s → 0 s"),
        ("limits.rest_s", 129600.0, 259200.0, "Rest: 36 h → 72 h"),
        ("limits.rest_s", 5400.0, None, "Rest: 90 min → not set"),
        ("caps.0.window_s", 86400.0, 604800.0, "Cap 1, window: 1 day → 7 days"),
        ("caps.0.window_s", 129600, 7200, "Cap 1, window: 36 h → 2 h"),
        ("limits.skin_grace_s", 2.0, 2.5, "Time over the limit of skin temperature: 2 s → 2.5 s"),
        ("limits.contact_grace_s", 15, 30, "Time without contact: 15 s → 30 s"),
    ],
)
def test_a_difference_of_time_speaks_the_units_that_it_is_typed_in_and_keeps_those_that_it_is_stored_in(
    field, old, new, words
):
    def nested(value):
        for name in reversed(field.split(".")):
            value = [value] if name == "0" else {name: value}
        return value

    (change,) = written_changes(nested(old), nested(new))
    assert (change.field, change.old, change.new, change.words) == (field, old, new, words)


@given(st.integers(0, 400 * 86_400_000_000))
def test_no_two_times_that_differ_are_said_alike(microseconds):
    seconds = microseconds / 1_000_000
    assert lasting_words(seconds) != lasting_words(seconds + 0.001)
    assert window_words(seconds) != window_words(seconds + 0.001)


def test_versions_that_say_the_same_do_not_differ():
    assert changes(Regimen(**GOOD), replace(Regimen(**GOOD), version=2)) == ()


def test_a_phase_that_is_new_differs_in_all_its_fields():
    old = Regimen(**{**GOOD, "phases": GOOD["phases"][:1]})
    added = {one.field: (one.old, one.new) for one in changes(old, Regimen(**GOOD))}
    assert added["phases.1.timing.frequency"] == (None, 2)


@pytest.mark.parametrize(
    ("timing", "words"),
    [
        (Timing(frequency=3, period=WEEK, weekdays=()), "3 times a week"),
        (Timing(frequency=1, period=timedelta(days=2), weekdays=()), "once every 2 days"),
        (Timing(frequency=2, period=timedelta(days=1), weekdays=()), "twice a day"),
        (Timing(frequency=1, period=timedelta(days=28), weekdays=()), "once every 4 weeks"),
        (Timing(frequency=2, period=WEEK, weekdays=(Weekday.MONDAY, Weekday.FRIDAY)), "on Monday and Friday"),
    ],
)
def test_a_timing_in_words(timing, words):
    assert timing_words(timing) == words


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda one: one.name)
def test_a_template_with_what_is_to_fill_in_is_a_prescription(template):
    """What a physician would choose is written here; the template itself says nothing of it."""
    choices = {"weeks": None, "duration_s": 240.0, "number": 0}
    choices["dose"] = {"value": 5.0, "unit": "J/cm2" if template.modality == "led" else "J"}
    prescription = template.filled({field: choices[field.split(".")[-1]] for field in template.to_fill})
    assert Regimen.of(prescription, GOOD["id"], 1)
    with pytest.raises(RegimenRefused) as refusal:
        template.filled({})
    assert set(refusal.value.reasons) == set(template.to_fill)


def test_every_figure_of_a_template_says_where_it_is_from_and_weak_ones_are_marked():
    figures = [figure for template in TEMPLATES for figure in template.figures]
    assert all(figure.source for figure in figures)
    assert {figure.mark for figure in figures if figure.weak} == {Mark.REMEMBERED, Mark.DERIVED, Mark.PROPOSED}
    assert not [figure.field for figure in figures if "dose" in figure.field]
