"""The energy ledger: what surely was and what may have been, by zone and band, whoever made the devices."""

from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinical.course import Between
from clinical.dose.bands import emissions, fluence_j_per_cm2
from clinical.dose.ledger import DAY, WEEK, ledger, rows
from clinical.dose.rolling import Part, Rolling
from clinical.dose.stacking import heat_stacks
from clinical.misuse.course_rules import course_at
from clinical.misuse.energy import heat_stacked, over_cap
from clinical.misuse.examples.courses import HEAD, MASK, NOW, RED, course, device, lit, past
from clinical.plan import Cap
from clinical.verdicts import Outcome
from tests.clinical.oracle_dose import ledger_of, window_of
from vocabulary.devices import Modality, Zone
from vocabulary.instants import Known, Placed
from vocabulary.light import Band, BandOutput
from vocabulary.quantities import Quantity, Unit

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("mw_per_cm2", "seconds", "j_per_cm2"),
    [
        (30, 600, 18),
        (35, 600, 21),
        (73, 180, 13.14),
        (55, 180, 9.9),
        (64, 180, 11.52),
        (73, 540, 39.42),
        (10, 540, 5.4),
        (8.4, 476, 3.9984),
    ],
)
def test_light_is_irradiance_times_time(mw_per_cm2, seconds, j_per_cm2):
    assert fluence_j_per_cm2(mw_per_cm2, timedelta(seconds=seconds)) == pytest.approx(j_per_cm2)


def output(band, irradiance, nm=633, program=0):
    return BandOutput(
        program=program,
        band=band,
        wavelength_nm=nm,
        irradiance_mw_per_cm2=irradiance,
        uncertainty_fraction=0.1,
        source=f"bench {nm}",
    )


def test_bands_are_counted_apart_and_wavelengths_of_one_band_together():
    outputs = (
        output(Band.NEAR_INFRARED, 20, 830),
        output(Band.RED, 10, 630),
        output(Band.RED, 5, 660),
        output(Band.BLUE, 9, 415, program=1),
    )
    doses = {one.band: one.fluence(timedelta(seconds=100)) for one in emissions(outputs, 0)}
    assert set(doses) == {Band.RED, Band.NEAR_INFRARED}
    assert (doses[Band.RED].low, doses[Band.RED].high) == pytest.approx((1.35, 1.65))
    assert (doses[Band.NEAR_INFRARED].low, doses[Band.NEAR_INFRARED].high) == pytest.approx((1.8, 2.2))


def row(found, zone, unit, band=None):
    (one,) = [row for row in found if (row.account.zone, row.account.unit, row.account.band) == (zone, unit, band)]
    return one


def test_light_and_radiofrequency_of_two_makers_meet_on_a_zone_and_are_not_added():
    found = ledger(course(lit(1, 3 * HOUR), past(1, 2 * HOUR)).given)
    light = row(found.day, Zone.CHEEK_LEFT, Unit.JOULE_PER_CM2, Band.RED)
    assert (light.delivered.low, light.delivered.high) == pytest.approx((16.2, 19.8))
    assert (light.told, light.calibrated) == (Quantity(18.0, Unit.JOULE_PER_CM2), True)
    heat = row(found.day, Zone.CHEEK_LEFT, Unit.JOULE)
    assert (heat.delivered.low, heat.delivered.high) == pytest.approx((1620, 1980))
    assert row(found.day, Zone.CHEEK_LEFT, Unit.MINUTE).delivered == Between(low=0.1, high=0.1)
    assert [one.account.unit for one in found.day if one.account.zone is Zone.CHIN] == [Unit.JOULE_PER_CM2]


def test_the_day_rolls_and_the_week_keeps_what_the_day_has_lost():
    found = ledger(course(lit(1, 25 * HOUR), lit(2, HOUR), lit(3, 8 * DAY)).given)
    assert row(found.day, Zone.CHIN, Unit.JOULE_PER_CM2, Band.RED).sessions == 1
    assert row(found.week, Zone.CHIN, Unit.JOULE_PER_CM2, Band.RED).sessions == 2


def test_what_was_not_worn_is_delivered_and_not_worn():
    found = ledger(course(lit(1, HOUR, contact_fraction=0.0, moving_fraction=0.0)).given)
    light = row(found.day, Zone.CHIN, Unit.JOULE_PER_CM2, Band.RED)
    assert light.delivered.low > 16
    assert light.worn.high < 0.3 * light.delivered.low


def test_a_session_that_nothing_places_may_be_in_any_window_and_is_in_none_for_sure():
    found = ledger(course(lit(1, HOUR, started=None)).given)
    light = row(found.day, Zone.CHIN, Unit.JOULE_PER_CM2, Band.RED)
    assert (light.delivered.low, light.delivered.high) == pytest.approx((0, 19.8))


def test_a_session_that_names_no_zone_may_have_been_anywhere_on_the_face():
    found = ledger(course(past(1, HOUR, zones=())).given)
    assert row(found.day, Zone.NOSE, Unit.JOULE).delivered == Between(low=0.0, high=pytest.approx(1980))


def test_a_device_that_nobody_calibrated_is_counted_by_its_own_figure_in_a_band_that_nobody_knows():
    bare = course(lit(1, HOUR, program=7)).given
    light = row(ledger(bare).day, Zone.CHIN, Unit.JOULE_PER_CM2)
    assert light.told == Quantity(18.0, Unit.JOULE_PER_CM2)


ZONES = st.lists(st.sampled_from([Zone.CHEEK_LEFT, Zone.NECK, Zone.WHOLE_FACE]), max_size=2, unique=True).map(tuple)


@st.composite
def some_sessions(draw):
    every = []
    for counter in range(1, draw(st.integers(1, 9))):
        make, ago = draw(st.sampled_from([lit, past])), draw(st.integers(-5, 200)) * HOUR
        width = draw(st.sampled_from([0, 1, 30, 400])) * HOUR
        placed = Placed(earliest=NOW - ago - width, latest=NOW - ago, known=Known.BRACKET)
        every.append(
            make(
                counter,
                ago,
                started=draw(st.sampled_from([None, placed, placed, placed])),
                zones=draw(ZONES),
                program=draw(st.integers(0, 1)),
                dose=draw(st.sampled_from([None, Quantity(18.0, Unit.JOULE_PER_CM2 if make is lit else Unit.JOULE)])),
                cem43_min=draw(st.sampled_from([None, Between(low=0.5, high=2.0)])),
            )
        )
    return every


@settings(max_examples=80)
@given(some_sessions(), st.sampled_from([DAY, WEEK, 3 * HOUR]), st.integers(0, 2**32))
def test_the_ledger_is_what_walking_all_sessions_finds_in_whatever_order_they_came(sessions, span, seed):
    made = course(*Random(seed).sample(sessions * 2, 2 * len(sessions))).given
    devices = {MASK: device(MASK, Modality.LED), HEAD: device(HEAD, Modality.RF)}
    expected = ledger_of(sessions, devices, NOW - span, NOW)
    found = rows(made.after(NOW - span), NOW - span, NOW, made.valid)
    assert {(one.account.zone, one.account.band, one.account.unit) for one in found} == set(expected)
    for one in found:
        low, high = expected[one.account.zone, one.account.band, one.account.unit]
        assert (one.delivered.low, one.delivered.high) == pytest.approx((low, high))
        assert 0 <= one.worn.low <= one.worn.high <= one.delivered.high * (1 + 1e-9)


SPANS = st.integers(0, 300).map(lambda hours: hours * HOUR)


@given(st.lists(st.tuples(SPANS, SPANS, st.floats(0, 100), st.floats(0, 100)), max_size=20), SPANS, st.integers(1, 200))
def test_a_rolling_sum_is_what_walking_all_parts_finds(drawn, back, hours):
    parts = [(NOW - ago - width, NOW - ago, low, low + more) for ago, width, low, more in drawn]
    rolling = Rolling.of(
        (Part(earliest=one[0], latest=one[1], amount=Between(low=one[2], high=one[3])) for one in parts), hours * HOUR
    )
    until = NOW - back
    found = rolling.at(until)
    assert (found.low, found.high) == pytest.approx(window_of(parts, until - hours * HOUR, until), abs=1e-9)


NEVER_MEASURED = 7
LIGHT = {"red": (0, 16.2, 19.8), "unmeasured": (NEVER_MEASURED, 16.2, 19.8)}
"""The programme that shines so, and the J/cm² of ten minutes of it, at least and at most."""


@pytest.mark.parametrize("band", [Band.RED, Band.BLUE, None])
@pytest.mark.parametrize(
    "shone", [(), ("red",), ("unmeasured",) * 3, ("red", "unmeasured"), ("red", "red", "unmeasured")]
)
@pytest.mark.parametrize("fluence", [10.0, 17.0, 30.0, 35.0, 45.0, 60.0])
def test_light_that_nobody_has_measured_may_be_all_of_a_band_and_is_surely_of_none(band, shone, fluence):
    sessions = [lit(n, (9 - n) * HOUR, program=LIGHT[kind][0]) for n, kind in enumerate(shone, start=1)]
    cap = Cap(window=DAY, dose=Quantity(fluence, Unit.JOULE_PER_CM2), band=band, zone=None)
    reds, others = [LIGHT[one] for one in shone if one == "red"], [LIGHT[one] for one in shone if one != "red"]
    lines = []
    if band in {Band.RED, None}:
        lines.append((sum(low for _, low, _ in reds), sum(high for *_, high in (*reds, *others))))
    if band is Band.BLUE:
        lines.append((0.0, sum(high for *_, high in others)))
    if band is None:  # of one unknown kind for itself, as if it were one band
        lines.append((sum(low for _, low, _ in others), sum(high for *_, high in others)))
    surely, perhaps = any(low > fluence for low, _ in lines), any(high > fluence for _, high in lines)
    found = {episode.verdict.outcome for episode in over_cap.judge(course(*sessions, caps=(cap,)))}
    assert (Outcome.FIRES in found, bool(found)) == (surely, surely or perhaps)


def test_what_may_be_over_a_cap_is_told_although_another_band_took_more_for_sure():
    both = (RED, replace(RED, band=Band.NEAR_INFRARED, irradiance_mw_per_cm2=28.0, uncertainty_fraction=0.5))
    at = course(lit(1, HOUR), caps=(Cap(window=DAY, dose=Quantity(20.0, Unit.JOULE_PER_CM2), band=None, zone=None),))
    measured = replace(at.course.devices[0], outputs=both)
    at = course_at(replace(at.course, devices=(measured,)), NOW, worn={})
    (episode,) = over_cap.judge(at)  # red 18 ± 1.8, near infrared 16.8 ± 8.4
    assert (episode.verdict.outcome, "near infrared" in episode.verdict.because) == (Outcome.UNDETERMINED, True)


@pytest.mark.parametrize("unknown", ["light", "warmth", "both"])
def test_where_a_session_was_that_nobody_knows_may_have_been_anywhere_on_the_face(unknown):
    warmth = past(1, HOUR, **({} if unknown == "light" else {"zones": ()}))
    light = lit(1, 55 * timedelta(minutes=1), **({} if unknown == "warmth" else {"zones": ()}))
    (episode,) = heat_stacked.judge(course(warmth, light))
    assert episode.verdict.outcome is Outcome.UNDETERMINED
    assert "which zones were treated is not known" in episode.verdict.because


def test_warmth_that_light_finds_falls_to_a_third_in_ten_minutes():
    (stack,) = heat_stacks(course(past(1, HOUR), lit(1, 46 * timedelta(minutes=1))).account.ordered, NOW - DAY)
    assert stack.zones == (Zone.CHEEK_LEFT,)
    assert stack.pause == Between(low=10.0, high=10.0)
    assert stack.carried_celsius.low == pytest.approx((41 - 34) / 2.718281828)


def test_light_before_radiofrequency_is_no_stack():
    assert list(heat_stacks(course(lit(1, 2 * HOUR), past(1, HOUR)).account.ordered, NOW - DAY)) == []


def test_red_is_what_the_examples_shine():
    assert (RED.band, RED.irradiance_mw_per_cm2) == (Band.RED, 30.0)
