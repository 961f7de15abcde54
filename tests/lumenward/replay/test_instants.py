"""A replay, which asks now and then, calls for what a checker calls for that asks of every day as it comes."""

from datetime import datetime, timedelta
from functools import cache

import pytest

from clinical.course import begun_at
from clinical.judgement import alert_severity, judge_course
from clinical.misuse.course_rules import course_at
from clinical.practice import PRACTICE
from firmware_bridge.virtual.cohort.span import Cohort
from lumenward.replay.cases import cohort_cases
from lumenward.replay.run import last_days
from monitor_api.cohorts.replay import as_of, replay
from monitor_api.courses.standing import worn_of
from tests.lumenward.replay.cases import DAY

COHORT = Cohort(seed=3, days=50)
WINDOW = last_days(COHORT.until_at, COHORT.days)
ASKED = [COHORT.from_at + day * DAY for day in range(1, COHORT.days + 1)]
BY_SESSIONS_TOO = {"too-many-a-day", "limits-unconfirmed"}
"""What is said of these rests on more than a course: it is left out here."""


@cache
def crowd():
    return tuple(cohort_cases(COHORT, range(14)))


def called(findings):
    return {
        (one.rule, one.episode): one
        for one in findings
        if alert_severity(one) is not None and one.rule not in BY_SESSIONS_TOO
    }


def day_by_day(case):
    """What was called for on any day, by what had been heard until then."""
    known, found = worn_of(case.course, PRACTICE), {}
    for now in ASKED:
        found |= called(judge_course(course_at(as_of(case.course, now), now, worn=known)))
    return found


def came_late(case, finding):
    """Whether a session of then was heard of afterwards: what it fills was silence until it came."""
    return finding.rule == "clinical-silence" and any(
        one.heard_at > finding.began_at and one.heard_at - begun_at(one) > timedelta(hours=1)
        for one in case.course.sessions
    )


def test_a_replay_calls_for_what_a_checker_calls_for_that_asks_every_day():
    rules = set()
    for case in crowd():
        live, batch = day_by_day(case), called(replay(case, WINDOW).course)
        assert [one for name, one in live.items() if name not in batch and not came_late(case, one)] == []
        for name in batch.keys() - live.keys():
            over = batch[name].cleared_at or COHORT.until_at
            assert not [now for now in ASKED if batch[name].began_at <= now < over]
        rules |= {rule for rule, _ in live}
    assert {"clinical-silence", "technical-silence", "too-many-a-week"} <= rules


def test_a_silence_of_a_device_is_told_as_of_its_end():
    told = 0
    for case in crowd():
        for one in replay(case, WINDOW).course:
            if one.rule == "technical-silence" and one.cleared_at is not None:
                uid, since = one.episode.split(":", 1)
                heard = sorted(past.heard_at for past in case.course.sessions if past.device == uid)
                following = next(at for at in heard if at > one.began_at)
                silent = following - datetime.fromisoformat(since)
                assert one.cleared_at == following
                assert one.verdict.evidence.measured.value == pytest.approx(silent / timedelta(minutes=1), abs=0.1)
                told += 1
    assert told
