"""What a course is judged by besides: of a session, one part of its dose is said to have reached skin."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinical.adherence.worn import UNJUDGED
from clinical.course import WearSigns
from clinical.dose.ledger import ledger
from clinical.misuse.examples.courses import course, past
from clinical.practice import PRACTICE
from monitor_api.courses.standing import worn_of
from vocabulary.quantities import Unit

perhaps = st.none() | st.floats(0, 1)


@given(
    st.builds(
        WearSigns,
        contact_fraction=perhaps,
        moving_fraction=perhaps,
        eye_shield_fraction=st.none(),
        skin_rise_celsius=st.none() | st.floats(-5, 20),
        seen_fraction=st.floats(0, 1),
    )
)
def test_adherence_takes_the_part_of_a_session_for_worn_that_the_ledger_takes(signs):
    session = past(1, timedelta(hours=1), wear=signs)
    at = course(session)
    (row,) = [one for one in ledger(at.given).day if one.account.unit is Unit.JOULE]
    part = worn_of(at.course, PRACTICE).get(session.session, UNJUDGED).dose_fraction
    assert (row.worn.low, row.worn.high) == pytest.approx(
        (row.delivered.low * part.low, row.delivered.high * part.high)
    )
