"""The query over many patients says of every week what the pure function says of one, whatever is prescribed."""

from collections import defaultdict
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import duckdb

from clinical.adherence.account import account_of
from clinical.adherence.slots import SlotState, slots_of
from clinical.practice import PRACTICE, Practice, PracticeFrom
from firmware_bridge.virtual.cohort.span import Cohort
from lumenward.replay.cases import cohort_cases
from monitor_api.cohorts.weekly import create_tables, load, round_rows, use_rows, weekly_adherence
from monitor_api.cohorts.weeks import WeekOfAll, Weeks
from tests.clinical.courses import DAY, MINUTE, course, device, done, excuse, held, phase, written

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
WEEKS = 8
NOW = START + timedelta(weeks=WEEKS)
ALMOST = 0.8 - 1e-15
"""What 80 % can come to as a quotient of doses."""

WHOLE = Practice(look_back_days=7 * WEEKS + 2)


def a_phase(chance: Random, lasts=None):
    if chance.random() < 0.3:
        return phase(weekdays=sorted(chance.sample(range(7), chance.randint(1, 4))), lasts=lasts)
    return phase(chance.randint(1, 7), chance.choice([2, 5, 7, 7, 7, 14]), lasts=lasts)


def prescribed(chance: Random):
    """One phase, or some that follow each other, and perhaps another version that begins amid them."""
    several = [a_phase(chance, timedelta(weeks=chance.randint(1, 3))) for _ in range(chance.choice([0, 0, 1, 2]))]
    change = START + DAY * chance.randint(3, 50) if chance.random() < 0.4 else None
    yield written(*several, a_phase(chance), from_at=START, until_at=change)
    if change:
        yield written(a_phase(chance), from_at=change, version=2)


def patient(chance: Random):
    sessions = [
        done(
            counter,
            START + MINUTE * chance.randrange(WEEKS * 7 * 1440),
            share=chance.choice([0.1, 0.5, 0.9, 1.0, ALMOST]),
            late=chance.choice([0, 0, 600]) * MINUTE,
            recorded=chance.random() < 0.9,
        )
        for counter in range(chance.randrange(50))
    ]
    proven = START + DAY * chance.randrange(WEEKS * 7 + 8)
    away = START + DAY * chance.randrange(40)
    return course(
        prescribed(chance),
        sessions,
        [device(START, proven=proven, missing=chance.choice([0, 0, 1]))],
        excuses=(excuse(away, away + 5 * DAY),) if chance.random() < 0.3 else (),
        holds=(held(away + 9 * DAY, None),) if chance.random() < 0.1 else (),
    )


def by_hand(one, practice=WHOLE, now=NOW):
    """The weeks of each modality, slot by slot: due, excused, taken, not known, and those whose records are here."""
    for strand in account_of(one, now, {}, practice).strands:
        weeks = defaultdict(lambda: [0, 0, 0, 0, 0])
        for judged in strand.recent:
            if judged.round.ends_at <= now:
                week = weeks[(judged.round.end - DAY - strand.first).days // 7]
                excused = sum(slot.state is SlotState.EXCUSED for slot in slots_of(judged, now, practice))
                added = (
                    judged.round.due,
                    excused,
                    judged.taken.low,
                    judged.taken.high,
                    min(judged.round.due, judged.unseen),
                )
                week[:] = [had + more for had, more in zip(week, added, strict=True)]
        yield strand, {number: (*week[:4], not week[4]) for number, week in weeks.items()}


def test_every_week_of_every_patient_is_as_the_pure_function_finds_it():
    chance = Random(7)
    strands = [found for _ in range(80) for found in by_hand(patient(chance))]
    with closing(duckdb.connect()) as connection:
        create_tables(connection)
        over = [[one for one in strand.recent if one.round.ends_at <= NOW] for strand, _ in strands]
        uses = [row for number, some in enumerate(over) for row in use_rows(number, some)]
        rounds = [row for number, some in enumerate(over) for row in round_rows(number, strands[number][0], some)]
        load(connection, uses, rounds)
        found = weekly_adherence(connection).fetchall()
    assert sorted(found) == sorted(
        (number, week, *figures) for number, (_, weeks) in enumerate(strands) for week, figures in weeks.items()
    )
    assert len({len(weeks) for _, weeks in strands}) > 3


def summed(courses, practice, now):
    """All weeks of all people together, added up one by one."""
    weeks = defaultdict(list)
    for one in courses:
        for _, found in by_hand(one, practice, now):
            for number, figures in found.items():
                weeks[number].append(figures)
    return tuple(
        WeekOfAll(
            week=number,
            strands=len(weeks[number]),
            due=sum(one[0] for one in weeks[number]),
            excused=sum(one[1] for one in weeks[number]),
            taken_low=sum(one[2] for one in weeks[number]),
            taken_high=sum(one[3] for one in weeks[number]),
            proven=sum(one[0] for one in weeks[number] if one[4]),
            strands_due=sum(one[0] > 0 for one in weeks[number]),
            reached_low=sum(one[0] > 0 and one[2] / one[0] >= 0.7 for one in weeks[number]),
            reached_high=sum(one[0] > 0 and one[3] / one[0] >= 0.7 for one in weeks[number]),
        )
        for number in sorted(weeks)
    )


def test_the_weeks_of_all_are_those_of_each_added_up():
    chance = Random(11)
    courses = [patient(chance) for _ in range(40)]
    with Weeks() as weeks:
        weeks.add(courses[:25], NOW)
        weeks.add(courses[25:], NOW)
        assert weeks.by_week() == summed(courses, WHOLE, NOW)
        assert (weeks.people, weeks.left_out) == (40, {})


def test_the_weeks_of_a_cohort_are_those_of_its_people():
    cohort = Cohort(seed=3, days=40)
    courses = [case.course for case in cohort_cases(cohort, range(30))]
    with Weeks() as weeks:
        weeks.add(courses, cohort.until_at)
        assert weeks.by_week() == summed(courses, Practice(look_back_days=2000), cohort.until_at)


def test_everybody_is_counted_by_what_their_own_clinic_decided():
    sessions = [done(counter, START + DAY * counter, share=0.6) for counter in range(14)]
    usual = course([written(phase(1, 1), from_at=START)], sessions, [device(START, proven=NOW)])
    lenient = replace(PRACTICE, taken_fraction=0.5, frequency_target=0.2)
    other = replace(usual, practices=(PracticeFrom(practice=lenient, from_at=START),))
    with Weeks() as weeks:
        weeks.add([usual, other], START + DAY * 14)
        first = weeks.by_week()[0]
        assert (first.due, first.taken_low, first.taken_high) == (14, 7, 7)
        assert (first.strands_due, first.reached_low, weeks.targets) == (2, 1, (0.2, 0.7))


def test_who_has_nothing_to_count_is_said_and_why():
    begun_today = course([written(phase(), from_at=NOW - MINUTE)], (), [device(START)])
    with Weeks() as weeks:
        weeks.add([course(()), begun_today], NOW)
        assert (weeks.by_week(), weeks.people) == ((), 2)
        assert weeks.left_out == {"nothing is prescribed": 1, "no round is over yet": 1}
