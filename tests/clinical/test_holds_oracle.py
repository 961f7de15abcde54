"""Use on hold agrees with an oracle that asks of every minute in which a session may have begun."""

from datetime import UTC, datetime
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from clinical.judgement import judge_course
from clinical.misuse.course_rules import course_at
from clinical.misuse.overuse import used_on_hold
from clinical.verdicts import Outcome
from tests.clinical.courses import DAY, DEVICE, MINUTE, course, device, done, held, phase, written
from tests.clinical.oracle_holds import forbidden
from vocabulary.devices import Modality
from vocabulary.identity import DeviceUid

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
MOST = 3 * 1440
HEADS = {Modality.LED: DEVICE, Modality.RF: DeviceUid("00000000000000bb")}
FIRES, UNDETERMINED = Outcome.FIRES, Outcome.UNDETERMINED

instants = st.integers(0, MOST).map(lambda minutes: START + MINUTE * minutes)
modalities = st.sampled_from(list(HEADS))


@st.composite
def holds(draw):
    """Holds and stops, some of which follow each other at once."""
    cuts = sorted(draw(st.lists(instants, min_size=2, max_size=5, unique=True)))
    spans = draw(st.lists(st.sampled_from([*pairwise(cuts), (cuts[-1], None)]), max_size=4))
    whose, stops = st.none() | modalities, st.booleans()
    return tuple(held(first, last, draw(whose), stopped=draw(stops)) for first, last in spans)


@st.composite
def sessions(draw):
    modality, late = draw(modalities), draw(st.sampled_from([0, 0, 1, 90, 1400]))
    return [
        done(counter, at, late=late * MINUTE, modality=modality, device=HEADS[modality])
        for counter, at in enumerate(draw(st.lists(instants, max_size=5)))
    ]


@given(holds(), sessions(), st.booleans())
def test_what_begins_on_hold_is_told_of_every_session_and_of_no_other(closed, uses, is_prescribed):
    regimens = [written(phase(), from_at=START)] if is_prescribed else []
    made = course(regimens, uses, [device(START)], holds=closed)
    minutes = {str(one.session): forbidden(closed, one) for one in uses}
    expected = {
        session: Outcome.FIRES if all(found) else Outcome.UNDETERMINED
        for session, found in minutes.items()
        if any(found)
    }
    found = judge_course(course_at(made, START + 5 * DAY, worn={}), [used_on_hold])
    assert {one.episode: one.verdict.outcome for one in found} == expected
