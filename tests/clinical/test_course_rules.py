"""Rules over weeks: each fires, stays silent, says at the boundary what it should, and undetermined when it must."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from clinical.course import RecordProof
from clinical.judgement import alert_severity, judge_course
from clinical.misuse.course_rules import LimitsAsked, course_at
from clinical.misuse.table import COURSE_RULES
from clinical.verdicts import Outcome
from tests.clinical.courses import DAY, DEVICE, MINUTE, course, device, done, excuse, held, lost, phase, written
from vocabulary.devices import Modality
from vocabulary.identity import DeviceUid, finding_id
from vocabulary.severity import Severity

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
"""A Monday, 09:00 in Zurich."""

HOUR = timedelta(hours=1)
FIRES, UNDETERMINED = Outcome.FIRES, Outcome.UNDETERMINED
THRICE, DAILY, MON_WED = phase(3, 7), phase(1, 1), phase(weekdays=[0, 2])


def days(*numbers, **changes):
    """A session on each of these days after the start."""
    return [done(index, START + DAY * number, **changes) for index, number in enumerate(numbers)]


def said(rule, planned, sessions, *, on=7.0, proven=100.0, limits=(), **changes):
    """What one rule says, `on` and `proven` in days after the start; `allows` is what the regimen says besides."""
    allows = changes.pop("allows", {})
    given = device(START, proven=START + DAY * proven, heard_at=changes.pop("heard_at", START + DAY * on))
    made = course(
        [written(planned, from_at=START, until_at=changes.pop("until_at", None), **allows)],
        sessions,
        [given],
        **changes,
    )
    at = course_at(made, START + DAY * on, worn={}, limits=limits)
    return [one.verdict.outcome for one in judge_course(at, [one for one in COURSE_RULES if one.id == rule])]


def hold(first, last, modality=None, *, stopped=False):
    until = START + DAY * last if last is not None else None
    return (held(START + DAY * first, until, modality, stopped=stopped),)


LATE = START + timedelta(hours=18)
"""Noon of the day is safe; from here on eight hours of doubt reach over its end."""

NIGHT = [done(1, START + 18 * HOUR), done(2, START + 20 * HOUR)]
"""At three, and at five of the next therapy day."""

ONE_A_DAY = {"most_per_day": 1}
ONE = {"allows": ONE_A_DAY}

CASES = [
    ("missed-slot", THRICE, days(0, 2), {}, [FIRES]),
    ("missed-slot", THRICE, days(0, 2, 4), {}, []),
    ("missed-slot", THRICE, days(0, 2), {"on": 6.7}, []),
    ("missed-slot", THRICE, days(0, 2), {"proven": 5}, [UNDETERMINED]),
    ("missed-slot", THRICE, days(0, 2), {"excuses": (excuse(START + DAY, START + 4 * DAY),)}, []),
    ("missed-slot", THRICE, days(0, 2), {"excuses": (excuse(START + DAY, START + 4 * DAY, "", Modality.RF),)}, [FIRES]),
    ("partial-twice", THRICE, days(0, 2, share=0.79), {}, [FIRES]),
    ("partial-twice", THRICE, days(0, 2, share=0.8), {}, []),
    ("partial-twice", THRICE, days(0, share=0.5), {}, []),
    ("partial-twice", THRICE, days(0, 2, share=0.5, recorded=False), {}, [UNDETERMINED]),
    ("partial-twice", THRICE, [done(1, START, share=0.5), done(2, START + 15 * MINUTE, share=0.5)] * 2, {}, []),
    ("too-many-a-day", THRICE, [done(1, START), done(2, START + HOUR)], {"on": 1}, [FIRES]),
    ("too-many-a-day", THRICE, [done(1, START), done(2, START + 15 * MINUTE)], {"on": 1}, []),
    ("too-many-a-day", THRICE, [done(1, START), done(2, START + 16 * MINUTE)], {"on": 1}, [FIRES]),
    ("too-many-a-day", THRICE, [done(1, START), done(2, START + HOUR, share=0.1)], {"on": 1}, []),
    ("too-many-a-day", THRICE, [done(1, START), done(2, LATE, late=8 * HOUR)], {"on": 3}, [UNDETERMINED]),
    ("too-many-a-week", THRICE, days(0, 1, 2, 3), {}, [FIRES]),
    ("too-many-a-week", THRICE, days(0, 1, 2, 7), {"on": 8}, []),
    ("too-many-a-week", THRICE, [*days(0, 1, 2), done(9, LATE + 6 * DAY, late=8 * HOUR)], {"on": 8}, [UNDETERMINED]),
    ("too-many-a-day", THRICE, NIGHT, {"allows": ONE_A_DAY}, [FIRES]),
    ("too-many-a-day", THRICE, NIGHT, {}, []),
    ("too-many-a-day", THRICE, days(0, 0.1), {"allows": {"most_per_day": 2}}, []),
    ("too-many-a-day", THRICE, days(0, 0.1, 0.5), {"allows": {"most_per_day": 2}}, [FIRES]),
    ("too-many-a-day", THRICE, days(0, 20 / 24), {"allows": ONE_A_DAY}, []),
    ("too-many-a-day", THRICE, days(0, 19.9 / 24), {"allows": ONE_A_DAY}, [FIRES]),
    ("too-many-a-day", THRICE, [done(1, START), done(2, LATE, late=8 * HOUR)], {"allows": ONE_A_DAY}, [UNDETERMINED]),
    ("too-many-a-day", THRICE, [done(1, START, late=HOUR), done(2, START + 2 * HOUR, late=HOUR)], ONE, [FIRES]),
    ("too-many-a-day", THRICE, [done(1, START), done(2, START + HOUR, share=0.1)], ONE, []),
    ("too-many-a-day", THRICE, [done(1, START), done(2, START + HOUR, share=0.1, recorded=False)], ONE, [UNDETERMINED]),
    ("too-many-a-day", DAILY, days(*[n / 2 for n in range(60)]), {"on": 30, "allows": ONE_A_DAY}, 28),
    ("too-many-a-week", THRICE, days(4, 5, 6, 7), {"on": 8, "allows": {"most_per_week": 3}}, [FIRES]),
    ("too-many-a-week", THRICE, days(0, 1, 2, 3), {"allows": {"most_per_week": 4}}, []),
    ("too-many-a-week", THRICE, days(0, 2, 4, 7 - 4 / 24), {"on": 8, "allows": {"most_per_week": 3}}, []),
    ("too-many-a-week", THRICE, days(0, 2, 4, 7 - 5 / 24), {"on": 8, "allows": {"most_per_week": 3}}, [FIRES]),
    ("off-schedule", MON_WED, days(1, 3), {}, [FIRES]),
    ("off-schedule", MON_WED, days(0, 1, 2, 3), {}, []),
    ("off-schedule", THRICE, days(1, 3), {}, []),
    (
        "off-schedule",
        MON_WED,
        [done(1, START + DAY), done(2, LATE + DAY, late=8 * HOUR)],
        {},
        [UNDETERMINED],
    ),
    ("used-on-hold", THRICE, days(0, 2), {"holds": hold(2, 3)}, [FIRES]),
    ("used-on-hold", THRICE, days(0, 3), {"holds": hold(2, 3)}, []),
    ("used-on-hold", THRICE, days(2), {"holds": hold(2, None)}, [FIRES]),
    ("used-on-hold", THRICE, days(2, modality=Modality.RF), {"holds": hold(2, None)}, [FIRES]),
    ("used-on-hold", THRICE, days(1, modality=Modality.RF), {"holds": hold(2, None)}, []),
    ("used-on-hold", THRICE, days(2, late=HOUR), {"holds": hold(2.02, 3)}, [UNDETERMINED]),
    ("used-on-hold", THRICE, days(0, 2), {"holds": hold(2, 3, Modality.RF)}, []),
    ("used-on-hold", THRICE, days(0, 2), {"holds": hold(2, 3, Modality.LED)}, [FIRES]),
    ("used-on-hold", THRICE, days(2, modality=Modality.RF), {"holds": hold(2, None, Modality.LED)}, []),
    ("used-on-hold", THRICE, days(2, modality=Modality.RF), {"holds": hold(2, None, Modality.RF)}, [FIRES]),
    ("used-on-hold", THRICE, days(2, late=HOUR), {"holds": hold(2, 2.01) + hold(2.01, 3)}, [FIRES]),
    ("used-on-hold", THRICE, days(2, late=HOUR), {"holds": hold(2, 2.01) + hold(2.02, 3)}, [UNDETERMINED]),
    ("used-on-hold", THRICE, days(0, 5), {"until_at": START + 4 * DAY}, []),
    ("used-on-hold", THRICE, days(0, 5), {"until_at": START + 4 * DAY, "holds": hold(4, None, stopped=True)}, [FIRES]),
    ("used-on-hold", THRICE, [done(1, None, heard_at=START + 3 * DAY)], {"holds": hold(2, 3)}, [UNDETERMINED]),
    ("clinical-silence", DAILY, days(0), {"on": 1.5}, [FIRES]),
    ("clinical-silence", DAILY, days(0), {"on": 1.499}, []),
    ("clinical-silence", DAILY, days(0, late=2 * HOUR), {"on": 1.55}, [UNDETERMINED]),
    ("clinical-silence", phase(2, 1), days(0), {"on": 0.99}, []),
    ("clinical-silence", phase(2, 1), days(0), {"on": 1}, [FIRES]),
    ("clinical-silence", DAILY, days(0), {"on": 5, "holds": hold(1, None)}, []),
    ("clinical-silence", DAILY, days(0), {"on": 5, "holds": hold(1, None, Modality.LED)}, []),
    ("clinical-silence", DAILY, days(0), {"on": 5, "holds": hold(1, None, Modality.RF)}, [FIRES]),
    ("clinical-silence", DAILY, days(0), {"on": 5, "proven": 1}, [FIRES]),
    ("clinical-silence", DAILY, days(0, 1.5, 2), {"on": 2.5}, [FIRES]),
    ("clinical-silence", DAILY, days(0, 1.49, 2), {"on": 2.5}, []),
    ("clinical-silence", DAILY, days(0, 4, 5), {"on": 5, "holds": hold(1, 4)}, []),
    ("technical-silence", DAILY, days(0), {"on": 3, "heard_at": START + 1.5 * DAY}, [FIRES]),
    ("technical-silence", DAILY, days(0), {"on": 3, "heard_at": START + 1.51 * DAY}, []),
    ("drift", DAILY, [*days(*range(10)), *[done(n, START + DAY * n, share=1.4) for n in (10, 11, 12)]], {"on": 13}, 2),
    ("drift", DAILY, [*days(*range(10)), *[done(n, START + DAY * n, share=1.4) for n in (10, 11)]], {"on": 13}, 0),
    ("drift", DAILY, [*days(*range(10)), *[done(n, START + DAY * n, share=1.3) for n in (10, 11, 12)]], {"on": 13}, 0),
    ("drift", DAILY, [*days(*range(10)), *[done(n, START + DAY * n, share=0.6) for n in (10, 11, 12)]], {"on": 13}, 2),
    ("drift", DAILY, [*days(*range(10)), *[done(n, START + DAY * n, share=0.7) for n in (10, 11, 12)]], {"on": 13}, 0),
    ("drift", DAILY, days(*range(10), 10.2, 11.2, 12.2), {"on": 13}, [FIRES]),
    ("drift", DAILY, days(*range(10), 9.8, 10.8, 11.8), {"on": 13}, [FIRES]),
    ("drift", DAILY, days(*range(6), 10.2, 11.2, 12.2), {"on": 13}, []),
]


@pytest.mark.parametrize(("rule", "planned", "sessions", "changes", "expected"), CASES)
def test_a_rule_over_weeks_says_what_its_sentence_says(rule, planned, sessions, changes, expected):
    assert said(rule, planned, sessions, **changes) == ([FIRES] * expected if isinstance(expected, int) else expected)


@pytest.mark.parametrize(
    ("reported", "on", "expected"), [(None, 1, [FIRES]), (None, 0.99, []), (0.5, 9, []), (2, 9, [FIRES])]
)
def test_limits_that_a_device_never_confirms_are_told_after_a_day(reported, on, expected):
    at = None if reported is None else START + DAY * reported
    asked = LimitsAsked(device=DEVICE, is_hold=False, asked_at=START, reported_at=at)
    assert said("limits-unconfirmed", THRICE, [], on=on, limits=(asked,)) == expected


@pytest.mark.parametrize(("minutes", "expected"), [(60, [FIRES]), (59, [])])
def test_a_hold_that_is_not_confirmed_is_told_after_an_hour(minutes, expected):
    asked = LimitsAsked(device=DEVICE, is_hold=True, asked_at=START - minutes * MINUTE, reported_at=None)
    assert said("limits-unconfirmed", THRICE, [], on=0, limits=(asked,)) == expected


OF_SCHEDULE = {"clinical.misuse.adherence", "clinical.misuse.overuse", "clinical.misuse.silence"}


def test_every_rule_of_the_schedule_has_an_example_that_fires():
    firing = {case[0] for case in CASES if case[4] and case[4] != [UNDETERMINED]} | {"limits-unconfirmed"}
    assert {rule.id for rule in COURSE_RULES if rule.judge.__module__ in OF_SCHEDULE} == firing


def findings(sessions, on, planned=THRICE, said=frozenset(), allows=None, **of_device):
    given = replace(device(START, proven=START + 100 * DAY), **of_device)
    made = course([written(planned, from_at=START, **(allows or {}))], sessions, [given])
    return judge_course(structs.replace(course_at(made, START + DAY * on, worn={}), said=said))


def only(rule, found):
    return [one for one in found if one.rule == rule]


def test_a_finding_is_of_the_patient_and_keeps_its_id_while_the_episode_goes_on():
    before = {one.id for one in findings(days(0, 2, share=0.5), 3) if one.rule == "partial-twice"}
    after = {one.id for one in findings(days(0, 2, 4, share=0.5), 5) if one.rule == "partial-twice"}
    patient = course([]).patient
    onset = str(days(0)[0].session)
    assert before == after == {finding_id("partial-twice", patient, onset)}


@pytest.mark.parametrize(
    ("holds", "word"),
    [
        (hold(0, None), "on hold"),
        (hold(0, None, stopped=True), "stopped"),
        (hold(0, None) + hold(1, None, stopped=True), "stopped"),
        (hold(1, None, stopped=True) + hold(0, None), "stopped"),
        (hold(0, None) + hold(2.01, None, stopped=True), "on hold"),
    ],
)
def test_use_after_a_stop_is_told_as_such_whatever_else_is_on_hold(holds, word):
    made = course([written(THRICE, from_at=START)], days(2, late=HOUR), holds=holds)
    (found,) = only("used-on-hold", judge_course(course_at(made, START + 7 * DAY, worn={})))
    assert found.verdict.because == f"Used while the treatment was {word}"


def test_an_episode_that_began_long_ago_keeps_its_onset():
    many = days(*range(0, 200, 2), share=0.5)
    (found,) = [one for one in findings(many, 199) if one.rule == "partial-twice"]
    assert found.episode == str(many[0].session)


def test_an_episode_clears_with_the_next_use_that_is_as_planned():
    sessions = [*days(0, 2, share=0.5), done(9, START + 4 * DAY)]
    (found,) = [one for one in findings(sessions, 5) if one.rule == "partial-twice"]
    assert found.cleared_at == START + 4 * DAY


TWO_ON_A_DAY = [done(1, START), done(2, START + HOUR)]


def test_a_second_session_of_which_too_little_rest_is_told_calls_once():
    said = frozenset({(TWO_ON_A_DAY[1].session, "too-soon")})
    (found,) = only("too-many-a-day", findings(TWO_ON_A_DAY, 1, said=said))
    assert (found.verdict.outcome, found.said_by, alert_severity(found)) == (FIRES, "too-soon", None)
    assert found.because == "2 sessions on a day, 1 planned; too-soon calls for it"


@pytest.mark.parametrize("said", [frozenset(), frozenset({(TWO_ON_A_DAY[0].session, "too-soon")})])
def test_a_second_session_of_which_nothing_else_is_told_calls_itself(said):
    (found,) = only("too-many-a-day", findings(TWO_ON_A_DAY, 1, said=said))
    assert (found.said_by, alert_severity(found)) == (None, Severity.MEDIUM)


def test_what_a_regimen_allows_is_told_in_its_words():
    (day,) = only("too-many-a-day", findings(NIGHT, 1, allows=ONE_A_DAY))
    (week,) = only("too-many-a-week", findings(days(4, 5, 6, 7), 8, allows={"most_per_week": 3}))
    assert (day.because, week.because) == (
        "2 sessions within 24 hours, 1 allowed",
        "4 sessions within 7 days, 3 allowed",
    )
    assert (day.began_at, day.sessions) == (START + 20 * HOUR, tuple(one.session for one in NIGHT))


def test_too_little_rest_speaks_for_a_session_beyond_what_is_allowed_only_where_it_is_told_of_each():
    three = days(0, 0.1, 0.2)
    told = {(one.session, "too-soon") for one in three[1:]}
    (found,) = only("too-many-a-day", findings(three, 1, said=frozenset(told), allows=ONE_A_DAY))
    assert (found.said_by, alert_severity(found)) == ("too-soon", None)
    told = {(three[1].session, "too-soon")}
    (found,) = only("too-many-a-day", findings(three, 1, said=frozenset(told), allows=ONE_A_DAY))
    assert (found.said_by, alert_severity(found)) == (None, Severity.MEDIUM)


def test_each_day_counts_what_the_version_of_its_last_session_allows():
    strict = written(THRICE, from_at=START + DAY, version=2, most_per_day=1)
    versions = [written(THRICE, from_at=START, until_at=START + DAY, most_per_day=2), strict]
    found = {}
    for name, numbers in {"before": (0, 0.2), "across": (0.5, 1), "after": (2, 2.2)}.items():
        made = course(versions, days(*numbers), [device(START, proven=START + 9 * DAY)])
        found[name] = len(only("too-many-a-day", judge_course(course_at(made, START + 3 * DAY, worn={}))))
    assert found == {"before": 0, "across": 1, "after": 1}


def test_a_version_that_leaves_open_how_many_there_may_be_is_held_to_its_plan_beside_one_that_says_it():
    lenient = written(THRICE, from_at=START + DAY, version=2, most_per_day=2)
    versions = [written(THRICE, from_at=START, until_at=START + DAY), lenient]
    found = {}
    for name, numbers in {"planned": (0, 0.2), "allowed": (2, 2.2)}.items():
        made = course(versions, days(*numbers), [device(START, proven=START + 9 * DAY)])
        found[name] = len(only("too-many-a-day", judge_course(course_at(made, START + 3 * DAY, worn={}))))
    assert found == {"planned": 1, "allowed": 0}


@given(
    placed=st.lists(st.tuples(st.integers(0, 384), st.sampled_from([0, 0, 1, 8, 60])), max_size=7),
    most=st.integers(1, 3),
    data=st.data(),
)
def test_what_is_told_of_many_sessions_within_a_day_holds_wherever_they_began(placed, most, data):
    quarter = timedelta(minutes=15)
    sessions = [
        done(n, START + at * quarter, late=late * quarter, device=DeviceUid(f"{n:016x}"))
        for n, (at, late) in enumerate(placed)
    ]
    found = only("too-many-a-day", findings(sessions, 7, allows={"most_per_day": most}))
    outcomes = {one.verdict.outcome for one in found}
    starts = sorted(START + (at + data.draw(st.integers(0, late))) * quarter for at, late in placed)
    crowded = any(later - before < 20 * HOUR for before, later in zip(starts, starts[most:], strict=False))
    assert outcomes if crowded else FIRES not in outcomes


def test_days_with_too_many_sessions_are_told_in_their_order():
    nights = [LATE + DAY * number for number in range(0, 24, 3)]
    twice = [
        done(2 * index + more, at + more * HOUR / 2, late=8 * HOUR)
        for index, at in enumerate(nights)
        for more in (0, 1)
    ]
    found = [one.episode for one in only("too-many-a-day", findings(twice, 25))]
    either = [(START + DAY * (number + after)).date() for number in range(0, 24, 3) for after in (0, 1)]
    assert found == [f"led:{day}" for day in either]


def silences(numbers, on):
    found = only("clinical-silence", findings(days(*numbers), on, DAILY))
    return [(one.episode, alert_severity(one)) for one in sorted(found, key=lambda one: one.began_at)]


def test_somebody_who_comes_and_goes_is_called_about_once():
    first, second, third = (f"led:{done(index, START).session}" for index in (0, 1, 2))
    assert silences((0, 2, 4), 6) == [(first, Severity.MEDIUM), (second, None), (third, None)]


def test_a_silence_three_times_as_long_as_it_must_be_calls_again():
    calls = [one for _, one in silences((0, 2, 3), 3 + 4.49)], [one for _, one in silences((0, 2, 3), 3 + 4.5)]
    assert calls == ([Severity.MEDIUM, None], [Severity.MEDIUM, Severity.MEDIUM])


def test_a_silence_after_four_steady_weeks_calls_again():
    assert [one for _, one in silences((0, *range(2, 30)), 31)] == [None]
    assert [one for _, one in silences((0, *range(2, 31)), 32)] == [Severity.MEDIUM]


@pytest.mark.parametrize("on", [1.5, 2, 10, 27])
def test_a_silence_keeps_its_id_when_it_is_over(on):
    going = only("clinical-silence", findings(days(0), min(on, 1.9), DAILY))
    over = only("clinical-silence", findings(days(0, 2, *range(3, int(on) + 1)), max(on, 2.1), DAILY))
    assert going[0].id in {one.id for one in over}


def counted(sessions, on, *, lies, known_on, proven=100):
    """What is said of silence where a session is missing that lies within days, and is known of since a day."""
    missing = lost(1, *(START + day * DAY for day in lies), START + known_on * DAY)
    proof = RecordProof(until=START + proven * DAY, missing=missing)
    return only("clinical-silence", findings(sessions, on, DAILY, proof=proof))


def test_a_silence_that_a_missing_session_may_have_ended_is_no_reason_to_keep_quiet_about_the_next():
    (found,) = counted(days(0, 3), 5, lies=(1, 2), known_on=5)
    assert (found.began_at > START + 3 * DAY, alert_severity(found)) == (True, Severity.MEDIUM)
    first, second = counted(days(0, 3), 5, lies=(1, 2), known_on=4)
    assert (first.verdict.outcome, alert_severity(second)) == (UNDETERMINED, Severity.MEDIUM)


def test_a_session_that_may_have_been_in_a_silence_that_is_over_is_never_called_about():
    (first,) = counted(days(0, 3), 4, lies=(1, 2), known_on=3.5)
    assert (first.verdict.outcome, alert_severity(first)) == (UNDETERMINED, None)
    (much_later,) = counted(days(0, *range(3, 20)), 20, lies=(1, 2), known_on=3.5)
    assert (
        much_later.verdict.because == "No session for 3 days until one came again, and not all of its records are here"
    )
    assert alert_severity(much_later) is None


def test_a_silence_that_was_called_about_without_a_session_stays_what_it_was_when_it_is_over():
    (going,) = counted(days(0), 2.9, lies=(0.5, 1), known_on=1)
    (over,) = counted(days(0, 3), 3.4, lies=(0.5, 1), known_on=1)
    assert (going.verdict.outcome, over.verdict.outcome, going.id == over.id) == (FIRES, FIRES, True)


@pytest.mark.parametrize(
    ("proven", "words"),
    [(5, "its records prove it"), (4.1, "its records prove it"), (3, "its records prove the first 3 days")],
)
def test_the_sentence_says_how_far_records_prove_a_silence(proven, words):
    (found,) = counted(days(0), 5, lies=(-2, -1), known_on=-1, proven=proven)
    assert found.verdict.because == f"No session for 5 days, {words}"


def recalled(firmwares):
    sessions = [done(index, START + DAY * index, firmware=one) for index, one in enumerate(firmwares)]
    return only("firmware-recalled", findings(sessions, 9, recalled_firmware=("1.0",)))


def test_recalled_firmware_is_one_episode_of_a_device_until_another_version_runs():
    (found,) = recalled(["1.0", "1.0", "1.0"])
    assert (found.began_at, found.cleared_at, len(found.sessions)) == (START, None, 3)
    assert [one.cleared_at for one in recalled(["1.0", "1.0", "2.0", "2.0"])] == [START + 2 * DAY]
    assert [one.cleared_at for one in recalled(["1.0", "2.0", "1.0"])] == [None]


def untold(*firmwares, says=""):
    sessions = [
        done(index, START + DAY * index, recorded=one is not None, firmware=one) for index, one in enumerate(firmwares)
    ]
    return only("firmware-recalled", findings(sessions, 9, firmware=says))


def test_a_device_that_never_says_its_firmware_is_told_once_and_calls_nobody():
    (found,) = untold("", "")
    assert (found.verdict.outcome, found.began_at, alert_severity(found)) == (UNDETERMINED, START, None)
    assert untold("", "", "", None) == untold("", "") == untold("", says=None)


@pytest.mark.parametrize(("firmwares", "says"), [([None], ""), (["", "1.0"], ""), ([""], "1.0"), ([], "")])
def test_a_firmware_that_is_said_anywhere_or_may_still_come_is_not_unknown(firmwares, says):
    assert untold(*firmwares, says=says) == []
