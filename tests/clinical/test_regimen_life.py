"""The life of a version: each fact moves it as the table says, in whatever order the facts were learned."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinical.errors import StepRefused
from clinical.regimen.life import MOVES, OVER, Stage, Step, Taken, lived, move

AT = datetime(2026, 3, 2, tzinfo=UTC)


def taken(*steps: Step) -> list[Taken]:
    return [Taken(step=one, at=AT + timedelta(hours=hour), by=None, because="") for hour, one in enumerate(steps)]


@pytest.mark.parametrize(
    ("steps", "stage", "hour"),
    [
        ([Step.SIGNED], Stage.SIGNED, 0),
        ([Step.SIGNED, Step.DELIVERED], Stage.DELIVERED, 1),
        ([Step.SIGNED, Step.DELIVERED, Step.ACKNOWLEDGED], Stage.ACKNOWLEDGED, 2),
        ([Step.SIGNED, Step.DELIVERED, Step.ACKNOWLEDGED, Step.BEGAN], Stage.IN_FORCE, 3),
        ([Step.SIGNED, Step.BEGAN, Step.DELIVERED, Step.ACKNOWLEDGED], Stage.IN_FORCE, 1),
        ([Step.SIGNED, Step.BEGAN, Step.PAUSED], Stage.PAUSED, 2),
        ([Step.SIGNED, Step.BEGAN, Step.PAUSED, Step.HELD, Step.RESUMED], Stage.IN_FORCE, 4),
        ([Step.SIGNED, Step.BEGAN, Step.HELD, Step.SUPERSEDED], Stage.SUPERSEDED, 3),
        ([Step.SIGNED, Step.BEGAN, Step.STOPPED, Step.RESUMED, Step.ENDED], Stage.STOPPED, 2),
        ([Step.SIGNED, Step.ENDED, Step.BEGAN], Stage.ENDED, 1),
    ],
)
def test_a_version_is_where_its_steps_lead(steps, stage, hour):
    life = lived(taken(*steps), AT + timedelta(days=9))
    assert (life.stage, life.since) == (stage, AT + timedelta(hours=hour))
    assert [one.step for one in life.steps] == steps


def test_what_is_still_to_come_has_not_happened():
    assert lived(taken(Step.SIGNED, Step.BEGAN), AT).stage is Stage.SIGNED
    assert lived([], AT).stage is Stage.DRAFT


@pytest.mark.parametrize(
    ("stage", "step"),
    [
        (Stage.DRAFT, Step.BEGAN),
        (Stage.SIGNED, Step.PAUSED),
        (Stage.IN_FORCE, Step.RESUMED),
        (Stage.HELD, Step.PAUSED),
        (Stage.ENDED, Step.RESUMED),
        (Stage.STOPPED, Step.RESUMED),
    ],
)
def test_a_step_that_the_table_does_not_have_is_refused(stage, step):
    with pytest.raises(StepRefused, match=f"{stage} cannot be {step}"):
        move(stage, step)


def test_what_is_over_stays_over():
    assert not [stage for stage, _ in MOVES if stage in OVER]


@given(steps=st.lists(st.sampled_from(Step), max_size=8), order=st.randoms(use_true_random=False))
def test_a_life_is_the_same_however_its_steps_were_learned(steps, order):
    known = taken(*steps)
    shuffled = [*known]
    order.shuffle(shuffled)
    assert lived(shuffled, AT + timedelta(days=9)) == lived(known, AT + timedelta(days=9))
