"""Every rule fires, keeps silent, holds at its boundary, and says when it cannot tell."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from clinical.facts import Calibration, DeviceFacts, Wearer
from clinical.judgement import alert_severity, judge
from clinical.misuse.table import RULE, RULES, SAID_BY
from clinical.plan import Level
from clinical.regimen import NO_LIMITS, STANDING_LIMITS, Regimen
from clinical.verdicts import Outcome
from tests.clinical.sessions import LIMITS, contact, heated, rested, samples, session
from tests.regimens import weekly
from vocabulary.devices import Feature, Modality
from vocabulary.identity import RegimenId, RuleId
from vocabulary.light import Band, BandOutput
from vocabulary.quantities import Quantity, Unit
from vocabulary.severity import Severity

HOUR = timedelta(hours=1)
FIRES, CLEAR, UNDETERMINED = Outcome.FIRES, Outcome.CLEAR, Outcome.UNDETERMINED
UNKNOWN = Calibration(dose_fraction=None, skin_celsius=None)
EIGHT_TO_TWELVE = Level(lowest=8.0, highest=12.0)


def levelled(watt, wanted=EIGHT_TO_TWELVE):
    planned = structs.replace(session().planned, level=wanted)
    return session(samples=structs.replace(samples((40.0,) * 60), level=(watt,) * 60), planned=planned)


CONTACT = (Feature.CONTACT,)

EXAMPLES = [
    # too-hot: over 42.5 °C by more than the sensor's 0.1 °C, for 2 s
    ("too-hot", heated(40.0, 43.0, 43.0, 43.0, 40.0), FIRES),
    ("too-hot", heated(40.0, 43.0, 43.0, 43.0, recorded=False), FIRES),
    ("too-hot", heated(40.0, 41.0, 42.0), CLEAR),
    ("too-hot", heated(40.0, 43.0, 43.0, 40.0, 43.0, 43.0), CLEAR),
    ("too-hot", heated(40.0, 42.6, 42.6, 42.6), UNDETERMINED),
    ("too-hot", heated(40.0, 42.61, 42.61, 42.61), FIRES),
    ("too-hot", heated(40.0, 42.4, 42.4, 42.4), CLEAR),
    ("too-hot", session(calibration=UNKNOWN, samples=samples((42.6,) * 3), highest_skin_celsius=42.6), FIRES),
    ("too-hot", session(highest_skin_celsius=44.0, missing=30), UNDETERMINED),
    ("too-hot", session(highest_skin_celsius=41.0, missing=30), CLEAR),
    (
        "too-hot",
        session(samples=samples((43.0, 43.0), sequence=(10, 20)), highest_skin_celsius=43.0, missing=9),
        UNDETERMINED,
    ),
    ("too-hot", session(samples=samples((None,) * 5), highest_skin_celsius=None), UNDETERMINED),
    ("too-hot", session(samples=samples((None,) * 5), highest_skin_celsius=None, features=CONTACT), CLEAR),
    ("too-hot", session(samples=samples(()), missing=60, highest_skin_celsius=None, features=CONTACT), CLEAR),
    ("too-hot", session(samples=samples((None,) * 5), highest_skin_celsius=None, features=()), UNDETERMINED),
    ("too-hot", session(highest_skin_celsius=44.0, missing=30, features=CONTACT), UNDETERMINED),
    ("too-hot", structs.replace(heated(40.0, 43.0, 43.0, 43.0), features=CONTACT), FIRES),
    # over-dose: over 2400 J by more than a tenth
    ("over-dose", session(dose=Quantity(2700.0, Unit.JOULE)), FIRES),
    ("over-dose", session(dose=Quantity(1800.0, Unit.JOULE)), CLEAR),
    ("over-dose", session(dose=Quantity(2500.0, Unit.JOULE)), UNDETERMINED),
    ("over-dose", session(dose=Quantity(2300.0, Unit.JOULE)), UNDETERMINED),
    ("over-dose", session(dose=Quantity(2400.1, Unit.JOULE), calibration=UNKNOWN), FIRES),
    ("over-dose", session(dose=Quantity(2400.0, Unit.JOULE), calibration=UNKNOWN), CLEAR),
    ("over-dose", session(dose=None), UNDETERMINED),
    # too-long: over 5 min by more than the second in which records count
    ("too-long", session(active=timedelta(seconds=302)), FIRES),
    ("too-long", session(active=timedelta(seconds=301)), CLEAR),
    ("too-long", session(active=timedelta(seconds=240)), CLEAR),
    # too-soon: rested for less than a day
    ("too-soon", session(rest=rested(2 * HOUR)), FIRES),
    ("too-soon", session(rest=rested(23 * HOUR, 25 * HOUR)), UNDETERMINED),
    ("too-soon", session(rest=rested(24 * HOUR)), CLEAR),
    ("too-soon", session(rest=rested(24 * HOUR - timedelta(seconds=1))), FIRES),
    ("too-soon", session(rest=None), CLEAR),
    # no-regimen
    ("no-regimen", session(regimen=None), FIRES),
    ("no-regimen", session(), CLEAR),
    # contact-lost: over 15 s in all, in a session that was worn
    ("contact-lost", contact(*[True] * 100, *[False] * 16), FIRES),
    ("contact-lost", contact(*[True] * 100, *[False] * 15), CLEAR),
    ("contact-lost", contact(*[True, False] * 16), FIRES),
    ("contact-lost", contact(*[True] * 570, *[False] * 30), CLEAR),
    ("contact-lost", contact(*[True] * 569, *[False] * 31), FIRES),
    ("contact-lost", contact(*[False] * 100), CLEAR),
    ("contact-lost", contact(*[True] * 50, *[False] * 50, recorded=False), UNDETERMINED),
    ("contact-lost", contact(*[False] * 20, missing=21), UNDETERMINED),
    ("contact-lost", contact(*[False] * 20, features=()), CLEAR),
    # not-worn: contact for a tenth of the time or less
    ("not-worn", contact(*[False] * 100), FIRES),
    ("not-worn", contact(*[True] * 10, *[False] * 90), FIRES),
    ("not-worn", contact(*[True] * 11, *[False] * 89), CLEAR),
    ("not-worn", contact(*[False] * 100, recorded=False), UNDETERMINED),
    ("not-worn", contact(*[False] * 100, features=()), CLEAR),
    ("not-worn", session(samples=samples(()), missing=240), UNDETERMINED),
    # wrong-level: 8 to 12 W, and a tenth of doubt on either side
    *[
        ("wrong-level", levelled(watt), outcome)
        for watt, outcome in ((7.0, FIRES), (8.0, UNDETERMINED), (10.0, CLEAR), (12.0, UNDETERMINED), (14.0, FIRES))
    ],
    ("wrong-level", levelled(10.0, Level(lowest=9.0, highest=11.0)), CLEAR),
    # clock-unknown
    ("clock-unknown", session(started=None), FIRES),
    ("clock-unknown", session(started=None, recorded=False), UNDETERMINED),
    ("clock-unknown", session(), CLEAR),
]


@pytest.mark.parametrize(("rule", "facts", "outcome"), EXAMPLES)
def test_a_rule_says_of_an_example_what_a_physician_would(rule, facts, outcome):
    assert RULE[RuleId(rule)].judge(facts, LIMITS).outcome is outcome


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_rule_tells_a_physician_cause_consequence_action_time_and_source(rule):
    text = rule.judge.__doc__
    for word in ("Cause:", "Consequence:", "Action:", "Time to respond:", "Source:"):
        assert word in text
    assert rule.title.endswith(".")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_without_limits_nothing_that_needs_one_fires(rule):
    verdict = rule.judge(session(dose=Quantity(1e6, Unit.JOULE), active=10 * HOUR, rest=rested(HOUR)), NO_LIMITS)
    assert verdict.outcome is CLEAR


def test_a_verdict_names_what_it_measured_against_what_and_how_sure():
    evidence = RULE[RuleId("too-hot")].judge(heated(40.0, 43.0, 43.5, 43.0, 40.0), LIMITS).evidence
    assert evidence.measured == Quantity(43.5, Unit.CELSIUS)
    assert evidence.limit == Quantity(42.5, Unit.CELSIUS)
    assert evidence.uncertainty == Quantity(0.1, Unit.CELSIUS)
    assert (evidence.first_sample, evidence.last_sample) == (1, 3)


def test_of_two_reasons_against_a_session_the_light_is_told():
    blue = BandOutput(
        program=0,
        band=Band.BLUE,
        wavelength_nm=415,
        irradiance_mw_per_cm2=20.0,
        uncertainty_fraction=0.1,
        source="a bench",
    )
    both = session(
        modality=Modality.LED,
        wearer=Wearer(phototype="VI", photosensitised=True),
        planned=structs.replace(session().planned, phototypes=("I", "II")),
        device=DeviceFacts(outputs=(blue,)),
    )
    verdict = RULE[RuleId("contraindicated")].judge(both, LIMITS)
    assert (verdict.outcome, verdict.because.partition(" ")[0]) == (FIRES, "Blue")


def test_heat_is_judged_without_a_regimen_too():
    findings = judge(session(regimen=None, samples=samples((43.0,) * 5), highest_skin_celsius=43.0), None)
    assert {finding.rule for finding in findings} == {"too-hot", "no-regimen"}
    assert STANDING_LIMITS[Modality.RF].skin_celsius == 42.5


def test_a_regimen_without_limits_does_not_switch_the_heat_limit_off():
    regimen = Regimen(
        id=RegimenId(UUID(int=3)),
        version=1,
        modality=Modality.RF,
        phases=(weekly(3, timedelta(minutes=4), Quantity(1800.0, Unit.JOULE)),),
        limits=NO_LIMITS,
    )
    assert [finding.rule for finding in judge(heated(*[60.0] * 30), regimen)] == ["too-hot"]


def test_until_the_record_is_here_only_what_fires_is_said():
    running = heated(40.0, 42.6, 42.6, 42.6, recorded=False)
    assert [finding for finding in judge(running, None) if finding.rule == "too-hot"] == []


@pytest.mark.parametrize(
    ("facts", "severity"),
    [
        (heated(40.0, 43.0, 43.0, 43.0), Severity.HIGH),
        (heated(40.0, 42.6, 42.6, 42.6), Severity.MEDIUM),
    ],
)
def test_a_high_danger_that_cannot_be_ruled_out_calls_as_medium_never_silence(facts, severity):
    (finding,) = [finding for finding in judge(facts, None) if finding.rule == "too-hot"]
    assert alert_severity(finding) is severity


def test_a_mild_rule_that_cannot_tell_calls_nobody():
    (finding,) = [one for one in judge(session(samples=samples(()), missing=240), None) if one.rule == "not-worn"]
    assert alert_severity(finding) is None


def test_judging_the_same_facts_again_gives_the_same_findings():
    facts = heated(40.0, 43.0, 43.0, 43.0)
    assert judge(facts, None) == judge(facts, None)


def said_by(facts):
    regimen = Regimen(
        id=RegimenId(UUID(int=3)),
        version=1,
        modality=Modality.RF,
        phases=(weekly(3, timedelta(minutes=4), Quantity(1800.0, Unit.JOULE)),),
        limits=LIMITS,
    )
    return {one.rule: (one.said_by, alert_severity(one)) for one in judge(facts, regimen)}


def test_too_much_because_it_was_too_long_calls_once():
    found = said_by(session(dose=Quantity(2700.0, Unit.JOULE), active=302 * timedelta(seconds=1)))
    assert found["too-long"] == (None, Severity.MEDIUM)
    assert found["over-dose"] == ("too-long", None)


def test_too_much_in_the_time_that_was_planned_calls_itself():
    assert said_by(session(dose=Quantity(2700.0, Unit.JOULE)))["over-dose"] == (None, Severity.MEDIUM)


def held(dose, planned, *planned_in_phases):
    """What is said of a session of a dose by a device without doubt, where a regimen sets no limit."""
    phases = tuple(
        replace(weekly(3, timedelta(minutes=4), Quantity(one, Unit.JOULE)), lasts=lasts)
        for one, lasts in zip(planned_in_phases, (timedelta(weeks=4), None), strict=True)
    )
    regimen = Regimen(id=RegimenId(UUID(int=3)), version=1, modality=Modality.RF, phases=phases, limits=NO_LIMITS)
    facts = session(
        dose=Quantity(dose, Unit.JOULE),
        calibration=Calibration(dose_fraction=0.0, skin_celsius=0.0),
        planned=structs.replace(session().planned, dose=Quantity(planned, Unit.JOULE)),
    )
    return {one.rule: one.because for one in judge(facts, regimen)}


def test_without_a_limit_of_dose_a_session_is_held_to_110_percent_of_its_own_phase():
    assert held(1800.0, 900.0, 1800.0, 900.0) == {"over-dose": "Dose 1800.0 J, the limit is 990.0"}
    assert held(1800.0, 1800.0, 1800.0, 900.0) == {}


@given(
    tenths=st.integers(1, 9000),
    limit=st.sampled_from([(799, {"under-dose"}), (800, set()), (1100, set()), (1101, {"over-dose"})]),
)
def test_a_dose_of_exactly_a_limit_is_at_it_however_its_product_is_rounded(tenths, limit):
    thousandths, broken = limit
    planned = Decimal(tenths) / 10
    dose, asked = float(planned * thousandths / 1000), float(planned)
    assert set(held(dose, asked, asked, asked)) == broken


def test_no_rule_of_high_severity_is_ever_left_to_another():
    assert not [rule for rule in SAID_BY if RULE[rule].severity is Severity.HIGH]
    order = [Severity.INFO, Severity.LOW, Severity.MEDIUM, Severity.HIGH]
    assert all(order.index(RULE[one].severity) <= order.index(RULE[by].severity) for one, by in SAID_BY.items())
