"""What a course is judged by besides: of a session, one part of its dose is said to have reached skin."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinical.adherence.worn import UNJUDGED
from clinical.course import WearSigns
from clinical.dose.ledger import ledger
from clinical.misuse.course_rules import course_at
from clinical.misuse.examples.courses import course, past
from clinical.practice import PRACTICE, PracticeFrom
from monitor_api.courses.standing import worn_of
from vocabulary.quantities import Unit

LIKELY = WearSigns(
    contact_fraction=0.9,
    moving_fraction=None,
    eye_shield_fraction=None,
    skin_rise_celsius=0.2,
    seen_fraction=1.0,
)
"""Contact as on a face, and skin that warmed little: worn with a probability of 0.69."""


def decided(at, from_probability):
    """A course whose clinic counts sessions as worn from another probability on."""
    practice = replace(PRACTICE, worn_probability=from_probability)
    practices = (PracticeFrom(practice=practice, from_at=at.now - timedelta(days=9)),)
    return course_at(replace(at.course, practices=practices), at.now, worn={}), practice


@pytest.mark.parametrize(("from_probability", "surely"), [(0.6, True), (0.8, False)])
def test_from_what_probability_on_a_session_is_worn_is_what_its_clinic_decided(from_probability, surely):
    session = past(1, timedelta(hours=1), wear=LIKELY)
    at, practice = decided(course(session), from_probability)
    (row,) = [one for one in ledger(at.given).day if one.account.unit is Unit.JOULE]
    part = worn_of(at.course, practice)[session.session].dose_fraction
    assert (row.worn.low > 0, part.low > 0) == (surely, surely)


perhaps = st.none() | st.floats(0, 1)


@given(
    st.builds(
        WearSigns,
        contact_fraction=perhaps,
        moving_fraction=perhaps,
        eye_shield_fraction=st.none(),
        skin_rise_celsius=st.none() | st.floats(-5, 20),
        seen_fraction=st.floats(0, 1),
    ),
    st.sampled_from([0.5, 0.7, 0.99]),
)
def test_adherence_takes_the_part_of_a_session_for_worn_that_the_ledger_takes(signs, from_probability):
    session = past(1, timedelta(hours=1), wear=signs)
    at, practice = decided(course(session), from_probability)
    (row,) = [one for one in ledger(at.given).day if one.account.unit is Unit.JOULE]
    part = worn_of(at.course, practice).get(session.session, UNJUDGED).dose_fraction
    assert (row.worn.low, row.worn.high) == pytest.approx(
        (row.delivered.low * part.low, row.delivered.high * part.high)
    )
