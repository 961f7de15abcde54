"""Judgement is a function of the facts: the same whenever, in whatever order and however often it is asked."""

from datetime import timedelta
from random import Random
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from clinical.facts import Calibration, RegimenVersion, Samples
from clinical.judgement import judge
from clinical.misuse.table import RULES
from clinical.regimen import STANDING_LIMITS, Regimen
from clinical.verdicts import Outcome
from tests.clinical.sessions import LIMITS, NOON, SECOND, rested, samples, session
from tests.regimens import weekly
from vocabulary.devices import DeviceState, Feature, Modality, Zone
from vocabulary.identity import RegimenId, SessionId, finding_id
from vocabulary.instants import Known, Placed
from vocabulary.quantities import Quantity, Unit

REGIMEN = Regimen(
    id=RegimenId(UUID(int=3)),
    version=1,
    modality=Modality.RF,
    phases=(weekly(3, timedelta(minutes=4), Quantity(1800.0, Unit.JOULE)),),
    limits=LIMITS,
)

celsius = st.one_of(st.none(), st.floats(30, 50))
spans = st.integers(0, 2 * 86400).map(lambda seconds: seconds * SECOND)


@st.composite
def some_samples(draw):
    numbers = sorted(draw(st.sets(st.integers(0, 60), max_size=40)))
    size = len(numbers)
    return Samples(
        sequence=tuple(numbers),
        state=tuple(draw(st.sampled_from([DeviceState.EMITTING, DeviceState.READY])) for _ in range(size)),
        signs=tuple(draw(st.integers(0, 3)) for _ in range(size)),
        skin_celsius=tuple(draw(celsius) for _ in range(size)),
        zone=tuple(draw(st.sampled_from([None, Zone.CHEEK_LEFT, Zone.CHIN])) for _ in range(size)),
        level=tuple(draw(st.none() | st.floats(0, 12)) for _ in range(size)),
        impedance_ohm=tuple(draw(st.none() | st.floats(100, 3000)) for _ in range(size)),
    )


@st.composite
def sessions(draw):
    shortest, more = draw(spans), draw(spans)
    return session(
        session=SessionId(draw(st.uuids())),
        features=tuple(draw(st.permutations([Feature.CONTACT, Feature.SKIN_TEMPERATURE]))[: draw(st.integers(0, 2))]),
        recorded=draw(st.booleans()),
        started=draw(st.sampled_from([None, Placed(earliest=NOON, latest=NOON + SECOND, known=Known.LIVE)])),
        active=draw(spans),
        dose=draw(st.none() | st.floats(0, 5000).map(lambda joules: Quantity(joules, Unit.JOULE))),
        highest_skin_celsius=draw(celsius),
        samples=draw(some_samples()),
        missing=draw(st.integers(0, 300)),
        rest=draw(st.sampled_from([None, rested(shortest, shortest + more)])),
        regimen=draw(st.sampled_from([None, RegimenVersion(id=REGIMEN.id, version=1)])),
        calibration=Calibration(
            dose_fraction=draw(st.none() | st.floats(0, 0.5)), skin_celsius=draw(st.none() | st.floats(0, 3))
        ),
    )


def regimen_of(facts):
    return REGIMEN if facts.regimen else None


@settings(max_examples=40)
@given(st.lists(sessions(), min_size=1, max_size=5), st.integers())
def test_what_is_found_in_a_session_depends_on_no_other_that_was_judged_before(many, seed):
    shuffled = Random(seed).sample(many * 2, 2 * len(many))
    found = [(facts, judge(facts, regimen_of(facts))) for facts in shuffled]
    assert all(findings == judge(replace(facts), regimen_of(facts)) for facts, findings in found)


@settings(max_examples=60)
@given(sessions())
def test_what_is_found_is_what_each_rule_says_alone(facts):
    limits = LIMITS if facts.regimen else STANDING_LIMITS[Modality.RF]
    alone = {rule.id: rule.judge(facts, limits) for rule in reversed(RULES)}
    said = {rule: verdict for rule, verdict in alone.items() if verdict.outcome is not Outcome.CLEAR}
    if not facts.recorded:
        said = {rule: verdict for rule, verdict in said.items() if verdict.outcome is Outcome.FIRES}
    assert {finding.rule: finding.verdict for finding in judge(facts, regimen_of(facts))} == said


@settings(max_examples=60)
@given(sessions())
def test_the_order_in_which_a_device_names_its_features_means_nothing(facts):
    turned = replace(facts, features=tuple(reversed(facts.features)))
    assert judge(turned, regimen_of(turned)) == judge(facts, regimen_of(facts))


@settings(max_examples=40)
@given(sessions())
def test_a_rule_speaks_once_of_a_session_under_an_id_that_its_version_does_not_change(facts):
    findings = judge(facts, regimen_of(facts))
    assert len({finding.id for finding in findings}) == len(findings)
    for finding in findings:
        assert finding.id == finding_id(finding.rule, facts.session, str(facts.session))


def test_heat_that_the_record_tells_of_and_no_sample_shows_is_never_passed_over():
    unseen = session(samples=samples(()), missing=0, highest_skin_celsius=44.0)
    assert [finding.verdict.outcome for finding in judge(unseen, None) if finding.rule == "too-hot"] == [
        Outcome.UNDETERMINED
    ]
