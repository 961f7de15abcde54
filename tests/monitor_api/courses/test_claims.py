"""Checkers that take on courses at once: each course by one of them, and no fact that comes meanwhile is forgotten."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from uuid import UUID

import pytest
from sqlalchemy import text

from monitor_api.clock import Moment
from monitor_api.courses.due import CourseKey, claim_courses, mark_course_due, release_course
from monitor_api.records.courses import CourseDueRow
from monitor_api.records.people import ClinicRow, PatientRow
from tests.servers import postgres
from tests.service import CLINIC, open_service
from vocabulary.identity import PatientId

NOW = datetime(2026, 3, 2, tzinfo=UTC)
TOMORROW = NOW + timedelta(days=1)
CHECKERS = 4
KEYS = [CourseKey(CLINIC, PatientId(UUID(int=number))) for number in range(1, 41)]


def with_courses(database):
    with database.write() as session:
        session.add(ClinicRow(id=CLINIC, name="Clinic", zone="UTC"))
        session.flush()
        for key in KEYS:
            whose = {"name": "P", "reference": str(key.patient), "zone": "UTC", "created_at": NOW}
            session.add(PatientRow(id=key.patient, clinic_id=CLINIC, **whose))
        session.flush()
        mark_course_due(session, KEYS, NOW)
    return database


@pytest.fixture
def database(data):
    stores = open_service(data)
    yield with_courses(stores.database)
    stores.close()


def claim(database, name):
    with database.write() as session:
        taken = claim_courses(session, name, Moment(civil=NOW, real=NOW), 1)
    assert len(taken) <= 1
    return taken


def test_every_course_is_claimed_by_one_checker_and_none_is_left(database):
    start = Barrier(CHECKERS)

    def claim_all(name):
        start.wait(30)
        return list(iter(lambda: claim(database, name), []))

    with ThreadPoolExecutor(CHECKERS) as pool:
        claims = [one for found in pool.map(claim_all, map(str, range(CHECKERS))) for some in found for one in some]
    assert Counter(one.key for one in claims) == Counter(KEYS)


@pytest.fixture
def on_postgresql():
    """Where two write at once: on SQLite one waits for the other anyway."""
    with postgres.database() as database:
        yield with_courses(database)


def test_a_claim_takes_no_more_than_was_asked_for_whatever_way_postgresql_finds_them(on_postgresql):
    with on_postgresql.write() as session:
        for way in ("hashjoin", "mergejoin", "material", "hashagg", "sort"):
            session.execute(text(f"SET LOCAL enable_{way} = off"))  # what is chosen is then asked for row by row
        assert len(claim_courses(session, "check", Moment(civil=NOW, real=NOW), 1)) == 1


def test_a_fact_that_comes_while_a_judgement_ends_has_the_course_judged_again(on_postgresql):
    (taken,) = claim(on_postgresql, "check")

    def learn():
        with on_postgresql.write() as session:
            mark_course_due(session, [taken.key], NOW)

    with ThreadPoolExecutor(1) as pool:
        with on_postgresql.write() as session, session.no_autoflush:
            release_course(session, taken, "check", judged_at=NOW, next_at=TOMORROW)
            fact = pool.submit(learn)
            postgres.meets_a_lock(on_postgresql.engine.url.database, fact)
        fact.result()
    with on_postgresql.read() as session:
        assert session.get_one(CourseDueRow, taken.key).due_at == NOW
