"""Replay over the cohort: the same findings however facts come, and a score that a missing rule brings down."""

import json
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from random import Random
from threading import Event

import pytest

from clinical.figures import read_practice
from clinical.practice import PracticeFrom
from firmware_bridge.virtual.cohort.labels import Done
from firmware_bridge.virtual.cohort.span import Cohort
from lumenward.errors import Interrupted
from lumenward.replay.candidates import candidate_in
from lumenward.replay.cases import cohort_cases, labels_of
from lumenward.replay.report import difference, figures
from lumenward.replay.run import CohortSource, Replay, SnapshotSource, last_days, replay_part, run_replay
from lumenward.replay.tally import Tally, tally_case
from monitor_api.cohorts.candidate import Candidate
from monitor_api.cohorts.case import Case
from monitor_api.cohorts.replay import AS_THEY_ARE, OtherLimits, Window, replay
from monitor_api.cohorts.snapshot import write_snapshot
from tests.lumenward.replay.cases import DAY, NOON
from vocabulary.devices import Modality
from vocabulary.errors import SettingsError

COHORT = Cohort(seed=3, days=28)
WINDOW = last_days(COHORT.until_at, COHORT.days)
HOT, TRIP, HOLD = Done.OVERHEATED_HEAD, Done.WENT_ON_AFTER_TRIP, Done.USED_ON_HOLD


@dataclass(frozen=True, slots=True)
class ListSource:
    """Cases that are there already."""

    listed: tuple[Case, ...]

    def count(self):
        return len(self.listed)

    def cases(self, first, end):
        return self.listed[first:end]


@cache
def crowd():
    return tuple(cohort_cases(COHORT, range(60)))


@cache
def harmed(kind):
    """The first person to whom it is done so that the store can tell."""
    return next(
        (case,)
        for case in cohort_cases(COHORT, range(5000))
        if any(label.kind is kind for label in labels_of(case)) and scored((case,))["urgent_sensitivity"] is not None
    )


def scored(cases, ruling=AS_THEY_ARE):
    tally = Tally()
    for case in cases:
        tally.add(tally_case(case, replay(case, WINDOW, ruling), WINDOW))
    return figures(tally, WINDOW)


def test_whatever_is_counted_is_found():
    found = scored(crowd())
    missed = {rule: counts["missed"] for rule, counts in found["rules"].items()}
    assert {rule for rule, count in missed.items() if count} == set()
    counted = {"too-soon", "too-short", "wrong-programme", "heat-stacked", "technical-silence", "clinical-silence"}
    assert {rule for rule in counted if missed[rule] is None} == set()


def test_sessions_that_come_in_another_order_give_the_same_findings():
    for case in crowd()[:20]:
        kept = list(case.kept)
        Random(5).shuffle(kept)
        course = replace(case.course, sessions=tuple(one.past for one in kept))
        shuffled = replace(case, kept=tuple(kept), course=course)
        assert {one.id: one for one in replay(shuffled, WINDOW)} == {one.id: one for one in replay(case, WINDOW)}


@pytest.mark.parametrize(("kind", "rule"), [(HOT, "too-hot"), (TRIP, "energy-after-trip"), (HOLD, "used-on-hold")])
def test_a_rule_that_is_switched_off_brings_the_sensitivity_down(kind, rule):
    as_it_is = scored(harmed(kind))
    without = scored(harmed(kind), AS_THEY_ARE.without(frozenset({rule})))
    assert as_it_is["urgent_sensitivity"] == 1.0
    assert without["urgent_sensitivity"] is not None
    assert without["urgent_sensitivity"] < 1.0
    assert without["missed_urgent"]


def test_parts_add_up_to_the_whole_in_any_number_of_processes():
    source = CohortSource(cohort=COHORT, people=60)
    asked = Replay(source=source, window=WINDOW, candidate=None)
    parts = []
    outcome = run_replay(asked, 1, parts.append, Event())
    assert figures(outcome.now, WINDOW) == figures(replay_part(asked, 0, 60).now, WINDOW)
    assert (len(parts), parts[-1]) == (4, 1.0)


def test_a_stop_ends_it_before_it_is_done():
    stop = Event()
    stop.set()
    asked = Replay(source=CohortSource(cohort=COHORT, people=60), window=WINDOW, candidate=None)
    with pytest.raises(Interrupted):
        run_replay(asked, 1, lambda _part: None, stop)


def test_a_snapshot_replays_as_the_people_it_was_made_of(tmp_path):
    path = tmp_path / "s.parquet"
    write_snapshot(path, crowd())
    asked = Replay(source=SnapshotSource(path=path), window=WINDOW, candidate=None)
    assert figures(replay_part(asked, 0, 60).now, WINDOW) == scored(crowd())


def test_a_candidate_says_what_would_start_and_what_would_stop():
    candidate = Candidate(without=frozenset({"no-regimen"}), limits=((Modality.RF, OtherLimits(skin_celsius=39.0)),))
    cases = tuple(case for case in cohort_cases(COHORT, range(120)) if Modality.RF in modalities(case))[:10]
    outcome = replay_part(Replay(source=ListSource(cases), window=WINDOW, candidate=candidate), 0, len(cases))
    changes = difference(outcome.candidate)
    assert {change["rule"] for change in changes["would_start"]} >= {"too-hot"}
    assert {change["rule"] for change in changes["would_stop"]} <= {"no-regimen", "too-hot"}
    assert scored(cases) == figures(outcome.now, WINDOW)


def test_limits_of_one_patient_are_tried_on_that_one_alone(tmp_path):
    cases = tuple(case for case in cohort_cases(COHORT, range(120)) if Modality.RF in modalities(case))[:4]
    file = tmp_path / "c.toml"
    started = {}
    for whom in (None, *cases):
        only = "" if whom is None else f'patient = "{whom.course.patient}"\n'
        file.write_text(f"[limits.rf]\nskin_celsius = 38.0\n{only}")
        asked = Replay(source=ListSource(cases), window=WINDOW, candidate=candidate_in(file))
        outcome = replay_part(asked, 0, len(cases))
        started[whom and whom.course.patient] = Counter(
            {one["rule"]: one["alerts"] for one in difference(outcome.candidate)["would_start"]}
        )
        assert difference(outcome.candidate)["people_concerned"] == {"rf": len(cases) if whom is None else 1}
    everybody = started.pop(None)
    assert sum(started.values(), Counter()) == everybody
    assert len([one for one in started.values() if one["too-hot"]]) > 1


def test_limits_that_a_regimen_cannot_have_are_tried_on_nobody_who_has_it(tmp_path):
    file = tmp_path / "c.toml"
    file.write_text("[limits.rf]\nduration_min = 0.5\n")
    cases = crowd()[:20]
    with_rf = [case for case in cases if any(one.regimen.modality is Modality.RF for one in case.course.regimens)]
    outcome = replay_part(Replay(source=ListSource(cases), window=WINDOW, candidate=candidate_in(file)), 0, len(cases))
    told = difference(outcome.candidate)
    assert 0 < sum(one["people"] for one in told["not_tried"]) <= len(with_rf)
    assert {one["because"].partition(":")[0] for one in told["not_tried"]} == {"limits.duration_s"}
    assert (told["would_start"], told["would_stop"]) == ([], [])
    assert figures(outcome.candidate, WINDOW) == figures(outcome.now, WINDOW)


def decided(case, *practices):
    return replace(case, course=replace(case.course, practices=practices))


def test_a_candidates_figures_are_as_if_the_clinic_had_always_decided_so():
    always, meanwhile = datetime.min.replace(tzinfo=UTC), COHORT.until_at - timedelta(days=10)
    tried = {"silence_intervals": 4.0, "silence_floor_h": 240.0, "again_days": 0.0}
    other = {"silence_floor_h": 48.0, "taken_fraction": 0.6}
    ruling = replace(AS_THEY_ARE, figures=tried)
    changed = 0
    for case in crowd()[:40]:
        mine = decided(case, PracticeFrom(practice=read_practice(other), from_at=meanwhile))
        expected = decided(
            case,
            PracticeFrom(practice=read_practice(tried), from_at=always),
            PracticeFrom(practice=read_practice(other | tried), from_at=meanwhile),
        )
        assert replay(mine, WINDOW, ruling) == replay(expected, WINDOW)
        changed += replay(mine, WINDOW, ruling) != replay(mine, WINDOW)
    assert changed > 5


def test_a_candidate_of_figures_is_read_from_a_file_and_runs_beside_what_holds(tmp_path):
    file = tmp_path / "c.toml"
    file.write_text("[figures]\nsilence_intervals = 8\nsilence_floor_h = 336\n")
    candidate = candidate_in(file)
    assert candidate.figures == {"silence_intervals": 8.0, "silence_floor_h": 336.0}
    cases = crowd()[:40]
    outcome = replay_part(Replay(source=ListSource(cases), window=WINDOW, candidate=candidate), 0, len(cases))
    stopped = {one["rule"] for one in difference(outcome.candidate)["would_stop"]}
    assert stopped == {"clinical-silence", "technical-silence"}
    assert figures(outcome.now, WINDOW) == scored(cases)


def modalities(case):
    return {device.modality for device in case.course.devices}


def test_a_candidate_is_read_from_a_file(tmp_path):
    file = tmp_path / "c.toml"
    file.write_text('without = ["too-soon"]\n[limits.rf]\nskin_celsius = 42.0\nrest_h = 24\n')
    candidate = candidate_in(file)
    ((modality, limits),) = candidate.limits
    assert modality is Modality.RF
    assert (limits.skin_celsius, limits.rest.total_seconds()) == (42.0, 86400)
    assert "too-soon" not in {rule.id for rule in candidate.ruling(crowd()[0].course.patient).rules}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('without = ["too-hut"]', "too-hut"),
        ("[limits.rf]\nskin_celsius = 60", "skin_celsius"),
        ("=", "toml: "),
        ("a = " + "[" * 2000, "toml: is nested too deeply"),
        ("x = 1", "x"),
        ('[limits.rf]\npatient = "Ada"', "limits.rf.patient"),
        ("[limits.rf]\nrest_h = inf", "limits.rf.rest_h"),
        ("[figures]\nsilence_floor_h = 2", "figures.silence_floor_h: expected a number from 6 to 336"),
        ("[figures]\nsilent = 2", "figures.silent: expected one of"),
        ("[figures]\nlearned = 20\nbaseline = 10", "figures.learned: expected at most baseline"),
        ("", "changes nothing"),
        ("[limits.rf]\n", "changes nothing"),
    ],
)
def test_a_candidate_that_makes_no_sense_is_refused_in_words(tmp_path, text, problem):
    (tmp_path / "c.toml").write_text(text)
    with pytest.raises(SettingsError, match=problem):
        candidate_in(tmp_path / "c.toml")


def test_the_report_is_plain_json():
    assert json.loads(json.dumps(scored(crowd()[:5])))["people"] == 5


@pytest.mark.parametrize(
    ("days", "before_the_end"), [(0, [0]), (14, [0]), (15, [14, 0]), (28, [14, 0]), (90, [84, 70, 56, 42, 28, 14, 0])]
)
def test_course_rules_are_asked_every_two_weeks_back_from_the_end(days, before_the_end):
    window = Window(from_at=NOON - days * DAY, until_at=NOON)
    assert [(NOON - at) / DAY for at in window.asks()] == before_the_end
