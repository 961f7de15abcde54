"""The scorer on cases made by hand: what a rule had to find, what it could not, and what has no cause."""

from dataclasses import replace

import msgspec
import pytest

from clinical.course import Interval
from clinical.facts import Wearer
from clinical.plan import Level, Weekday
from clinical.regimen import Phototype, Phototypes, Programme
from clinical.verdicts import Outcome
from firmware_bridge.virtual.cohort.labels import Done
from lumenward.replay.report import figures
from lumenward.replay.scoring import EXPECTED, has_cause, score
from lumenward.replay.tally import tally_case
from monitor_api.cohorts.replay import Window
from tests.lumenward.replay.cases import (
    DAY,
    HOUR,
    NOON,
    NOTHING_SAID,
    SECOND,
    SESSION,
    case,
    hot,
    label,
    past,
    said,
    said_of_course,
)
from vocabulary.devices import Feature, Modality
from vocabulary.light import Band, BandOutput
from vocabulary.quantities import Quantity, Unit
from vocabulary.severity import Severity

WINDOW = Window(from_at=NOON - 7 * DAY, until_at=NOON + 7 * DAY)
MINUTE = HOUR / 60


def encoded(*labels):
    return msgspec.json.encode(labels).decode()


def result(label_, judged, case_=None):
    return score(case_ or case(past()), (label_,), judged)[0]


@pytest.mark.parametrize(
    ("celsius", "lasted_s", "seen_s", "expected"),
    [
        (44.1, 6, 6, "missed"),
        (42.81, 2, 2, "missed"),
        (42.79, 6, 6, "within"),
        (44.1, 1, 1, "within"),
        (44.1, 6, 1, "unseen"),
        (44.1, 6, 0, "unseen"),
    ],
)
def test_heat_that_no_rule_found_is_missed_only_beyond_limit_doubt_and_grace_and_if_it_was_seen(
    celsius, lasted_s, seen_s, expected
):
    assert result(hot(celsius, lasted_s, seen_s), NOTHING_SAID).result == expected


def test_heat_that_its_rule_found_is_found():
    assert result(hot(44.1, 6, 6), said("too-hot")).result == "fired"


def test_a_rule_that_leaves_it_open_is_counted_apart():
    assert result(hot(44.1, 6, 6), said("too-hot", Outcome.UNDETERMINED)).result == "undetermined"


def test_another_rule_does_not_stand_in_for_the_one_that_had_to_speak():
    assert result(hot(44.1, 6, 6), said("thermal-dose-noted", severity=Severity.INFO)).result == "missed"


def test_the_limit_is_that_of_the_regimen():
    assert result(hot(42.0, 6, 6), NOTHING_SAID, case(past(), skin_celsius=41.0)).result == "missed"


def test_heat_within_the_doubt_is_not_urgent():
    assert not result(hot(42.79, 6, 6), NOTHING_SAID).urgent
    assert result(hot(44.1, 6, 6), NOTHING_SAID).urgent


@pytest.mark.parametrize(("starts_h", "expected"), [(-1, "missed"), (1, "within")])
def test_use_on_hold_counts_from_the_instant_of_the_hold(starts_h, expected):
    hold = Interval(from_at=NOON + starts_h * HOUR, until_at=NOON + DAY)
    assert result(label("used while on hold"), NOTHING_SAID, case(past(), hold=hold)).result == expected


@pytest.mark.parametrize(("held", "expected"), [(Modality.RF, "missed"), (Modality.LED, "within")])
def test_use_on_hold_is_of_the_modality_that_is_held(held, expected):
    hold = Interval(from_at=NOON - HOUR, until_at=NOON + DAY)
    assert result(label("used while on hold"), NOTHING_SAID, case(past(), hold=hold, held=held)).result == expected


def test_a_session_that_never_came_is_unseen():
    hold = Interval(from_at=NOON - DAY, until_at=None)
    assert result(label("used while on hold"), NOTHING_SAID, case(hold=hold)).result == "unseen"


def test_a_short_rest_is_missed_when_both_sessions_are_in_the_store_and_unseen_when_one_is_not():
    before = past(counter=2, started=NOON - 10 * HOUR)
    short = label("short rest", Quantity(10 * 60 - 8, Unit.MINUTE))
    assert result(short, NOTHING_SAID, case(past(), before)).result == "missed"
    assert result(short, NOTHING_SAID, case(past())).result == "unseen"


def test_a_finding_has_a_cause_in_its_own_session_only():
    other = label("overheated head", session=past(counter=9).session)
    (finding,) = said("too-hot").sessions
    assert has_cause(finding, (hot(42.6, 3, 3),), case(past()))
    assert not has_cause(finding, (other,), case(past()))
    assert not has_cause(finding, (label("gel dried"),), case(past()))


def test_what_goes_on_for_a_time_is_a_cause_while_it_does():
    spell = label("recalled firmware", session=None, at=NOON - DAY, until=NOON + DAY)
    over = label("recalled firmware", session=None, at=NOON - 9 * DAY, until=NOON - 5 * DAY)
    (finding,) = said("firmware-recalled", severity=Severity.MEDIUM).sessions
    assert has_cause(finding, (spell,), case(past()))
    assert not has_cause(finding, (over,), case(past()))


@pytest.mark.parametrize(("program", "expected"), [(2, "missed"), (None, "unseen")])
def test_another_programme_is_missed_once_its_record_is_here(program, expected):
    named = {"programmes": (Programme(number=1, light=()),)}
    other = label("wrong programme", Quantity(4800.0, Unit.JOULE))
    assert result(other, NOTHING_SAID, case(past(program=program), written=named)).result == expected
    assert result(other, NOTHING_SAID, case(past(program=program))).result in {"within", "unseen"}


@pytest.mark.parametrize(
    ("seen_s", "features", "bands", "expected"),
    [
        (60, (Feature.EYE_SHIELD,), (Band.BLUE,), "missed"),
        (9, (Feature.EYE_SHIELD,), (Band.BLUE,), "unseen"),
        (60, (), (Band.BLUE,), "unseen"),
        (60, (Feature.EYE_SHIELD,), (), "unseen"),
        (60, (Feature.EYE_SHIELD,), (Band.RED,), "within"),
    ],
)
def test_a_shield_that_was_off_is_missed_where_a_sensor_saw_it_under_light_that_harms(
    seen_s, features, bands, expected
):
    shone = tuple(
        BandOutput(
            program=1, band=band, wavelength_nm=415, irradiance_mw_per_cm2=20, uncertainty_fraction=0.1, source="sheet"
        )
        for band in bands
    )
    bare = label("no eye shield", Quantity(10.0, Unit.JOULE_PER_CM2), seen=seen_s * SECOND)
    shields = case(past(), device={"features": features, "outputs": shone})
    assert result(bare, NOTHING_SAID, shields).result == expected


@pytest.mark.parametrize(
    ("watts", "expected"), [(10.0, "missed"), (5.0, "missed"), (9.0, "within"), (7.5, "within"), (6.5, "within")]
)
def test_another_level_is_missed_beyond_what_the_calibration_can_hide_on_either_side(watts, expected):
    level = {"level": Level(lowest=6.5, highest=8.0)}
    other = label("another level", Quantity(watts, Unit.WATT), seen=60 * SECOND)
    assert result(other, NOTHING_SAID, case(past(), written=level)).result == expected
    assert result(replace(other, seen=0 * SECOND), NOTHING_SAID, case(past(), written=level)).result == "unseen"


@pytest.mark.parametrize(("phototype", "expected"), [("V", "missed"), ("II", "within"), (None, "within")])
def test_skin_that_was_not_meant_is_missed_where_somebody_asked(phototype, expected):
    light = {"phototypes": Phototypes(allowed=(Phototype.I, Phototype.II), because="cleared for these")}
    skin = Wearer(phototype=phototype, photosensitised=False)
    treated = case(past(), wearer=skin, written=light)
    assert result(label("skin that was not meant"), NOTHING_SAID, treated).result == expected


@pytest.mark.parametrize(("joule", "expected"), [(2300.0, "missed"), (2700.0, "within")])
def test_a_dose_that_power_cut_short_is_missed_below_what_the_calibration_leaves_open(joule, expected):
    assert result(label("power lost", Quantity(joule, Unit.JOULE)), NOTHING_SAID).result == expected
    running = case(past(recorded=False))
    assert result(label("power lost", Quantity(joule, Unit.JOULE)), NOTHING_SAID, running).result == "unseen"


@pytest.mark.parametrize(("seconds", "expected"), [(380.0, "missed"), (383.0, "within")])
def test_a_session_that_was_stopped_is_missed_below_what_counts_in_full(seconds, expected):
    stopped = label("stopped a session early", Quantity(seconds, Unit.SECOND))
    assert result(stopped, NOTHING_SAID).result == expected


def test_two_sessions_in_a_row_on_other_days_are_missed_and_one_alone_is_not():
    days = (Weekday.TUESDAY, Weekday.FRIDAY)  # NOON is a Monday
    two_later = past(counter=2, started=NOON + 2 * DAY)
    first, second = label("on other days"), label("on other days", session=two_later.session, at=NOON + 2 * DAY)
    on_a_friday = past(counter=3, started=NOON + 4 * DAY)
    both = case(past(), two_later, on_a_friday, weekdays=days)
    scored = score(both, (first, second), NOTHING_SAID)
    assert [one.result for one in scored] == ["missed", "missed"]
    assert [one.result for one in score(both, (first,), NOTHING_SAID)] == ["within"]
    assert [one.result for one in score(case(past(), two_later), (first, second), NOTHING_SAID)] == ["within"] * 2


@pytest.mark.parametrize(
    ("kind", "days", "expected"),
    [("forgotten week", 7, "missed"), ("forgotten week", 5, "within"), ("gateway offline", 5, "missed"),
     ("gateway offline", 4, "within"), ("limits taken late", 2, "missed"), ("limits taken late", 1, "within")],
)  # fmt: skip
def test_what_went_on_for_a_time_is_missed_from_the_length_on_that_calls(kind, days, expected):
    spell = label(kind, session=None, until=NOON + days * DAY, lasted=days * DAY)
    assert result(spell, NOTHING_SAID).result == expected


@pytest.mark.parametrize(
    ("began", "cleared", "expected"),
    [(2, None, "fired"), (2, 9, "fired"), (-9, 1, "fired"), (-9, -1, "missed"), (40, None, "missed")],
)
def test_what_is_said_of_a_course_is_of_the_time_that_it_is_about(began, cleared, expected):
    week = label("forgotten week", session=None, until=NOON + 8 * DAY, lasted=8 * DAY)
    until = None if cleared is None else NOON + cleared * DAY
    assert result(week, said_of_course("clinical-silence", NOON + began * DAY, until)).result == expected


def test_a_week_that_was_excused_is_within():
    week = label("forgotten week", session=None, until=NOON + 8 * DAY, lasted=8 * DAY)
    hold = Interval(from_at=NOON + DAY, until_at=None)
    assert result(week, NOTHING_SAID, case(past(), hold=hold)).result == "within"


@pytest.mark.parametrize(("minutes", "expected"), [(10, "missed"), (25, "within")])
def test_light_on_skin_is_missed_while_the_skin_is_still_warm(minutes, expected):
    lit = past(counter=2, started=NOON + (8 + minutes) * MINUTE, modality=Modality.LED)
    after = label("light after heat", Quantity(float(minutes), Unit.MINUTE), session=lit.session, modality=Modality.LED)
    assert result(after, NOTHING_SAID, case(past(), lit)).result == expected
    assert result(after, NOTHING_SAID, case(lit)).result == "unseen"
    assert result(after, NOTHING_SAID, case(past(zones=()), lit)).result == "unseen"


@pytest.mark.parametrize(("rises_to", "expected"), [(9.5, "missed"), (8.5, "within")])
def test_output_that_is_away_three_times_in_a_row_is_missed(rises_to, expected):
    levels = [7.5] * 10 + [rises_to] * 3
    ran = [past(number, NOON + number * DAY, output_level=level) for number, level in enumerate(levels, start=1)]
    drifts = label("output drift", session=None, at=NOON + 11 * DAY, until=NOON + 20 * DAY)
    assert result(drifts, NOTHING_SAID, case(*ran)).result == expected
    assert result(replace(drifts, at=NOON + 15 * DAY), NOTHING_SAID, case(*ran)).result == "unseen"


def test_recalled_firmware_is_missed_once_a_session_that_ran_on_it_is_here():
    spell = label("recalled firmware", session=None, at=NOON - DAY, until=NOON + DAY)
    assert result(spell, NOTHING_SAID).result == "missed"
    assert result(replace(spell, at=NOON + DAY), NOTHING_SAID).result == "unseen"


def test_a_tip_is_missed_once_enough_sessions_before_and_since_said_how_it_touches():
    ran = [past(number, NOON + number * DAY, impedance_ohm=340.0) for number in range(1, 11)]
    worn = label("worn tip", session=None, at=NOON + 7.5 * DAY, until=NOON + 20 * DAY)
    assert result(worn, NOTHING_SAID, case(*ran)).result == "missed"
    assert result(worn, NOTHING_SAID, case(*ran[1:])).result == "unseen"
    assert result(worn, NOTHING_SAID, case(*ran[:-1])).result == "unseen"


def test_what_nobody_can_decide_is_not_counted_rather_than_never_missed():
    assert result(label("borrowed device"), NOTHING_SAID).result == "not counted"
    assert result(label("borrowed device"), said_of_course("other-person", NOON, None, SESSION)).result == "fired"


def test_what_a_rule_missed_is_a_dash_where_nothing_is_counted():
    tally = tally_case(case(past(), note=encoded(label("borrowed device"))), said("other-person"), WINDOW)
    shown = figures(tally, WINDOW)
    assert shown["rules"]["other-person"]["missed"] is None
    assert shown["labels"]["borrowed device"]["missed"] is None
    tally = tally_case(case(past(), note=encoded(label("wrong programme"))), said("no-regimen"), WINDOW)
    assert figures(tally, WINDOW)["rules"]["no-regimen"]["missed"] == 0


def test_a_case_of_a_real_store_has_nothing_missed_and_nothing_false():
    shown = figures(tally_case(case(past(), note=""), said("too-hot"), WINDOW), WINDOW)
    assert shown["rules"]["too-hot"] == {"fired": 1, "missed": None, "false": None, "undetermined": 0}


def test_what_was_done_outside_of_the_time_that_is_replayed_is_not_held_against_a_rule():
    earlier = hot(44.1, 6, 6)
    noted = case(past(), note=encoded(replace(earlier, at=NOON - 9 * DAY)))
    assert figures(tally_case(noted, NOTHING_SAID, WINDOW), WINDOW)["urgent"]["missed"] == 0
    assert figures(tally_case(case(past(), note=encoded(earlier)), NOTHING_SAID, WINDOW), WINDOW)["urgent"]["missed"]


def test_every_kind_of_deed_has_rules_that_may_speak_of_it():
    assert set(EXPECTED) == set(Done)
