"""The query over many patients says of every week what the pure function says of one patient."""

from datetime import UTC, datetime, timedelta
from random import Random

import duckdb

from clinical.adherence.account import account_of
from clinical.adherence.practice import PRACTICE, Practice
from monitor_api.cohorts.weekly import create_tables, load, use_rows, weekly_adherence, weekly_regimen
from tests.clinical.courses import DAY, MINUTE, course, device, done, phase, written

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
WEEKS = 8
LONG = Practice(look_back_days=7 * WEEKS)


def patient(chance: Random):
    sessions = [
        done(
            counter,
            START + MINUTE * chance.randrange(WEEKS * 7 * 1440),
            share=chance.choice([0.1, 0.5, 0.9, 1.0]),
            late=chance.choice([0, 0, 600]) * MINUTE,
            recorded=chance.random() < 0.9,
        )
        for counter in range(chance.randrange(50))
    ]
    proven = START + DAY * chance.randrange(WEEKS * 7 + 8)
    regimen = written(phase(chance.randint(1, 7), 7), from_at=START)
    (strand,) = account_of(
        course([regimen], sessions, [device(START, proven=proven)]), START + timedelta(weeks=WEEKS), {}, LONG
    ).strands
    return strand, tuple(one for one in strand.recent if one.round.ends_at <= START + timedelta(weeks=WEEKS))


def test_every_week_of_every_patient_is_as_the_pure_function_finds_it():
    chance = Random(7)
    patients = dict(enumerate(patient(chance) for _ in range(60)))
    connection = duckdb.connect()
    create_tables(connection)
    load(
        connection,
        [row for number, (strand, _) in patients.items() for row in use_rows(number, strand)],
        [weekly_regimen(number, over) for number, (_, over) in patients.items()],
    )
    found = sorted(weekly_adherence(connection, PRACTICE).fetchall())
    assert found == [
        (number, week, one.round.due, one.taken.low, one.taken.high)
        for number, (_, over) in patients.items()
        for week, one in enumerate(over)
        if one.counted
    ]
    assert len(found) > 200
