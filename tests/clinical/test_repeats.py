"""What a patient does again calls once, and anew when it is worse or when days have passed; a danger always calls."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from clinical.judgement import alert_severity, judge
from clinical.misuse.repeats import Broken, as_repeats, beyond, broken, repeats
from clinical.misuse.table import CALLED_ONCE, RULE, RULES, SAID_BY
from clinical.practice import PRACTICE
from clinical.regimen import Regimen
from clinical.verdicts import Evidence
from tests.clinical.sessions import LIMITS, NOON, rested, samples, session
from tests.regimens import weekly
from vocabulary.devices import Modality
from vocabulary.identity import RegimenId, RuleId, SessionId
from vocabulary.quantities import Quantity, Unit
from vocabulary.severity import Severity

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WEEK = 7 * DAY
TOO_SOON = RuleId("too-soon")
REGIMEN = Regimen(
    id=RegimenId(UUID(int=3)),
    version=1,
    modality=Modality.RF,
    phases=(weekly(3, timedelta(minutes=4), Quantity(1800.0, Unit.JOULE)),),
    limits=LIMITS,
)


def done(number, after, far=0.5, **changes):
    """Something done a while after the first of it."""
    one = Broken(
        session=SessionId(UUID(int=number)),
        rule=TOO_SOON,
        modality=Modality.RF,
        at=NOON + after,
        beyond=far,
        practice=PRACTICE,
    )
    return replace(one, **changes)


def calls(*known):
    """The numbers of those that call."""
    again = repeats(known)
    return [one.session.int for one in known if (one.session, one.rule) not in again]


def test_what_is_done_again_and_again_calls_once_a_week():
    assert calls(*(done(number, number * DAY) for number in range(1, 23))) == [1, 8, 15, 22]


@pytest.mark.parametrize(("after", "called"), [(WEEK - timedelta(microseconds=1), [1]), (WEEK, [1, 2])])
def test_it_calls_anew_when_a_week_has_passed_since_the_call(after, called):
    assert calls(done(1, 0 * DAY), done(2, after)) == called


@pytest.mark.parametrize(("far", "called"), [(0.74, [1]), (0.75, [1, 2]), (0.2, [1])])
def test_it_calls_anew_at_once_when_it_is_a_quarter_of_the_limit_worse(far, called):
    assert calls(done(1, 0 * DAY, 0.5), done(2, DAY, far)) == called


def test_what_is_worse_is_measured_from_the_last_call_so_that_it_cannot_creep():
    creeping = [done(number, number * HOUR, far=0.1 * number) for number in range(1, 8)]
    assert calls(*creeping) == [1, 4, 7]


def test_another_rule_and_another_modality_have_calls_of_their_own():
    other = done(2, HOUR, rule=RuleId("no-regimen")), done(3, 2 * HOUR, modality=Modality.LED)
    assert calls(done(1, 0 * DAY), *other) == [1, 2, 3]


some = st.builds(
    done,
    st.integers(1, 10**6),
    st.integers(0, 40 * 24).map(lambda hours: hours * HOUR),
    st.floats(0, 1),
    rule=st.sampled_from(sorted(CALLED_ONCE)),
    modality=st.sampled_from([Modality.RF, Modality.LED]),
)
many = st.lists(some, max_size=30, unique_by=lambda one: one.session)


def of_one_kind(known, one, which):
    """When the others of a kind called, or how far beyond they were, that called in the week up to one."""
    again = repeats(known)
    return [
        other
        for other in known
        if (other.rule, other.modality) == (one.rule, one.modality)
        and (other.session, other.rule) not in again
        and (other.at, other.session) < (one.at, one.session)
        and one.at - other.at < which
    ]


@given(many)
def test_nobody_is_left_without_a_call_for_a_week_or_while_it_grows_worse(known):
    for one in known:
        call = max(of_one_kind(known, one, WEEK), key=lambda other: (other.at, other.session), default=None)
        again = repeats(known).get((one.session, one.rule))
        assert again == (call.at if call and one.beyond - call.beyond < 0.25 else None)


@given(many, st.randoms())
def test_the_order_in_which_it_is_told_means_nothing(known, random):
    shuffled = list(known)
    random.shuffle(shuffled)
    assert repeats(shuffled) == repeats(known)


def judged(number, after, rest):
    at = NOON + after
    facts = session(session=SessionId(UUID(int=number)), rest=rested(rest), samples=samples((43.0,) * 5))
    return at, judge(structs.replace(facts, highest_skin_celsius=43.0), REGIMEN)


def test_a_repeat_is_shown_with_its_session_says_when_it_was_called_for_and_calls_nobody():
    week = [judged(1, 0 * DAY, 8 * HOUR), judged(2, 3 * DAY, 7 * HOUR)]
    again = repeats(
        one for at, found in week for one in broken(found, Modality.RF, at, practice=PRACTICE, rules=CALLED_ONCE)
    )
    first, second = ({one.rule: one for one in as_repeats(found, at, again)} for at, found in week)
    assert alert_severity(first[TOO_SOON]) is Severity.MEDIUM
    assert alert_severity(second[TOO_SOON]) is None
    assert second[TOO_SOON].because == (
        "7.0 h after the session before, the shortest rest is 24 h; too-soon called 3 days before"
    )
    assert alert_severity(second[RuleId("too-hot")]) is Severity.HIGH


def test_how_far_beyond_a_limit_is_a_part_of_it_on_either_side():
    def measured(value, limit=8.0):
        return Evidence(measured=Quantity(value, Unit.MINUTE), limit=Quantity(limit, Unit.MINUTE))

    assert [beyond(measured(value)) for value in (2.0, 8.0, 10.0)] == [0.75, 0.0, 0.25]
    assert (beyond(Evidence()), beyond(measured(2.0, limit=0.0))) == (0.0, 0.0)


def test_nothing_of_high_severity_and_nothing_that_another_rule_calls_for_calls_once():
    assert {one.severity for one in map(RULE.__getitem__, CALLED_ONCE)} <= {Severity.MEDIUM, Severity.LOW}
    assert CALLED_ONCE.isdisjoint(SAID_BY)
    assert {rule.id for rule in RULES} >= CALLED_ONCE
