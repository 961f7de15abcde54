"""A silence after sessions of which some are hardly placed in time: it begins between what is sure and what may be."""

from datetime import UTC, datetime
from uuid import UUID

from clinical.course import Course
from clinical.misuse.course_rules import course_at
from clinical.misuse.silence import clinical_silence
from tests.clinical.courses import DAY, MINUTE, done, phase, written
from vocabulary.identity import PatientId

START = datetime(2026, 3, 2, 18, tzinfo=UTC)


def silences(sessions, now):
    course = Course(
        patient=PatientId(UUID(int=9)),
        zone="UTC",
        sessions=tuple(sessions),
        regimens=(written(phase(3, 7), from_at=START - DAY),),
        holds=(),
        excuses=(),
        devices=(),
    )
    return {one.onset: one for one in clinical_silence.judge(course_at(course, now, worn={}))}


def days(quantity):
    return quantity.value * MINUTE / DAY


def test_it_lasts_from_the_latest_and_from_the_earliest_that_any_session_before_can_have_begun():
    vague, sharp, back = done(1, START, late=20 * DAY), done(2, START + 5 * DAY), done(3, START + 30 * DAY)
    found = silences((vague, sharp, back), START + 31 * DAY)[f"led:{vague.session}"]
    assert found.cleared_at == START + 30 * DAY
    evidence = found.verdict.evidence
    assert (days(evidence.measured), days(evidence.uncertainty)) == (17.5, 7.5)


def test_a_session_that_began_before_another_and_may_have_after_it_ends_no_silence_twice():
    vague, sharp = done(1, START, late=20 * DAY), done(2, START + 5 * DAY)
    found = silences((sharp, vague), START + 30 * DAY)
    assert set(found) == {f"led:{vague.session}"}
    evidence = found[f"led:{vague.session}"].verdict.evidence
    assert (days(evidence.measured), days(evidence.uncertainty)) == (17.5, 7.5)
