"""The guard, a sample at a time, says what the rules say of all samples so far."""

from datetime import timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from clinical.facts import Calibration, Samples
from clinical.guard import GuardSample, begin_guard, guard_step
from clinical.misuse.table import RULE
from clinical.regimen import NO_LIMITS, STANDING_LIMITS, Limits
from clinical.verdicts import Outcome
from tests.clinical.sessions import session
from vocabulary.devices import DeviceState, Modality
from vocabulary.identity import RuleId, SessionId
from vocabulary.quantities import Quantity, Unit

GUARDED = ("too-hot", "over-dose", "too-long")
UNKNOWN = Calibration(dose_fraction=None, skin_celsius=None)


def sample(number, skin=None, *, active_s=0, dose=None):
    return GuardSample(
        number=number,
        state=DeviceState.EMITTING,
        signs=1,
        active=timedelta(seconds=active_s),
        dose=dose,
        skin_celsius=skin,
    )


def broken_after_each(samples, limits):
    """Which rules the guard has found broken after each of the samples."""
    guarded, broken = begin_guard(SessionId(UUID(int=9)), Modality.RF), []
    for one in samples:
        guarded, breaches = guard_step(guarded, one, limits)
        broken.append({*(broken[-1] if broken else ()), *(breach.rule for breach in breaches)})
    return broken


def breaches_of(samples, limits):
    guarded, found = begin_guard(SessionId(UUID(int=9)), Modality.RF), []
    for one in samples:
        guarded, breaches = guard_step(guarded, one, limits)
        found += [(one.number, breach.rule, breach.because) for breach in breaches]
    return found


def facts_of(samples):
    """A running session as the service puts it together from these samples."""
    doses = [one.dose for one in samples if one.dose is not None]
    skins = [one.skin_celsius for one in samples if one.skin_celsius is not None]
    return session(
        recorded=False,
        active=max(one.active for one in samples),
        dose=Quantity(max(doses), Unit.JOULE) if doses else None,
        highest_skin_celsius=max(skins, default=None),
        samples=Samples(
            sequence=tuple(one.number for one in samples),
            state=tuple(one.state for one in samples),
            signs=tuple(one.signs for one in samples),
            skin_celsius=tuple(one.skin_celsius for one in samples),
            zone=(None,) * len(samples),
            level=(None,) * len(samples),
            impedance_ohm=(None,) * len(samples),
        ),
        missing=0,
        calibration=UNKNOWN,
    )


def verdicts_on(samples, limits):
    return {rule: RULE[RuleId(rule)].judge(facts_of(samples), limits) for rule in GUARDED}


STEPS = st.lists(
    st.tuples(
        st.sampled_from((1, 1, 1, 1, 2, 5)),  # to the next number
        st.sampled_from((None, 41.0, 42.0, 42.5, 43.0, 44.0)),
        st.integers(0, 3),  # emitted since
        st.sampled_from((None, 0.0, 5.0, 20.0)),  # delivered since
    ),
    min_size=1,
    max_size=40,
)
SPANS = st.sampled_from((0.0, 0.5, 1.0, 2.0, 2.5, 7.0, 1e7)).map(lambda seconds: timedelta(seconds=seconds))
LIMITS = st.builds(
    Limits,
    duration=st.none() | st.integers(1, 40).map(lambda seconds: timedelta(seconds=seconds)),
    dose=st.none() | st.floats(1, 300).map(lambda value: Quantity(value, Unit.JOULE)),
    skin_celsius=st.none() | st.sampled_from((41.5, 42.5, 43.5)),
    skin_grace=SPANS,
    rest=st.none(),
    contact_grace=SPANS,
)


def walked(steps):
    number, active_s, delivered, samples = -1, 0, 0.0, []
    for ahead, skin, emitted_s, joules in steps:
        number, active_s = number + ahead, active_s + emitted_s
        delivered += joules or 0.0
        samples.append(sample(number, skin, active_s=active_s, dose=None if joules is None else delivered))
    return samples


@given(STEPS, LIMITS)
def test_a_limit_is_broken_exactly_when_its_rule_fires_on_all_samples_so_far(steps, limits):
    samples = walked(steps)
    found = broken_after_each(samples, limits)
    for upto in range(len(samples)):
        verdicts = verdicts_on(samples[: upto + 1], limits)
        assert found[upto] == {rule for rule, verdict in verdicts.items() if verdict.outcome is Outcome.FIRES}


@given(STEPS, LIMITS)
def test_a_breach_is_told_in_the_words_in_which_the_rule_says_it(steps, limits):
    samples = walked(steps)
    for number, rule, because in breaches_of(samples, limits):
        upto = [one for one in samples if one.number <= number]
        assert because == verdicts_on(upto, limits)[rule].because


def test_heat_is_a_breach_when_the_grace_is_over():
    heated = [sample(number, skin) for number, skin in enumerate((41.0, 43.0, 43.0, 43.2, 43.0))]
    assert breaches_of(heated, STANDING_LIMITS[Modality.RF]) == [
        (3, "too-hot", "Skin at 43.2 °C, above 42.5 °C for 2 s")
    ]


def test_skin_that_cools_within_the_grace_breaks_no_limit():
    heated = [sample(number, skin) for number, skin in enumerate((43.0, 43.0, 42.0) * 5)]
    assert breaches_of(heated, STANDING_LIMITS[Modality.RF]) == []


def test_each_rule_is_broken_once_in_a_session():
    hot = [sample(number, 44.0, active_s=number) for number in range(20)]
    assert [rule for _, rule, _ in breaches_of(hot, STANDING_LIMITS[Modality.RF])] == ["too-hot"]


def test_without_limits_nothing_is_broken():
    hot = [sample(number, 60.0, active_s=9999, dose=1e6) for number in range(20)]
    assert breaches_of(hot, NO_LIMITS) == []


def test_of_the_samples_no_more_are_kept_than_the_grace_is_long():
    guarded, limits = begin_guard(SessionId(UUID(int=9)), Modality.RF), STANDING_LIMITS[Modality.RF]
    for number in range(7200):
        guarded, _ = guard_step(guarded, sample(number, 43.0, active_s=number, dose=1.0), limits)
    assert guarded.facts.samples.sequence == (7197, 7198, 7199)
