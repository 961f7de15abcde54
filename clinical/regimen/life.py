"""The life of a version of a regimen: a table of moves, and everything else is refused.

    nothing ──signed──▶ signed ──delivered──▶ delivered ──acknowledged──▶ acknowledged
                           └──────────── began, from any of the three ────────▶ in force
    in force ──paused──▶ paused ──resumed──▶ in force        paused: by the patient's leave, excused
    in force ──held──▶ held ──resumed──▶ in force            held: nothing is to run, devices are held
    any of these ──superseded / stopped / ended──▶ over, for good

Rules, kept here:
- Signed, delivered, acknowledged and in force are separate facts: what holds clinically does not wait for a home that
  nobody reaches, and a home that has it says so whenever it can.
- Each step has a time and somebody who took it; where a version is follows from its steps, however they were learned.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from clinical.errors import StepRefused
from vocabulary.identity import UserId


class Stage(StrEnum):
    """Where a version is in its life."""

    DRAFT = "a draft"
    SIGNED = "signed"
    DELIVERED = "delivered"
    ACKNOWLEDGED = "acknowledged"
    IN_FORCE = "in force"
    PAUSED = "paused"
    HELD = "held"
    SUPERSEDED = "superseded"
    STOPPED = "stopped"
    ENDED = "ended"


class Step(StrEnum):
    """What happens to a version."""

    SIGNED = "signed"
    DELIVERED = "delivered"
    ACKNOWLEDGED = "acknowledged"
    BEGAN = "begun"
    PAUSED = "paused"
    HELD = "held"
    RESUMED = "resumed"
    SUPERSEDED = "superseded"
    STOPPED = "stopped"
    ENDED = "ended"


OVER: Final = frozenset({Stage.SUPERSEDED, Stage.STOPPED, Stage.ENDED})
_WAITING: Final = (Stage.SIGNED, Stage.DELIVERED, Stage.ACKNOWLEDGED)
_LIVE: Final = (*_WAITING, Stage.IN_FORCE, Stage.PAUSED, Stage.HELD)

MOVES: Final = {
    (Stage.DRAFT, Step.SIGNED): Stage.SIGNED,
    (Stage.SIGNED, Step.DELIVERED): Stage.DELIVERED,
    (Stage.DELIVERED, Step.ACKNOWLEDGED): Stage.ACKNOWLEDGED,
    **{(stage, Step.BEGAN): Stage.IN_FORCE for stage in _WAITING},
    (Stage.IN_FORCE, Step.PAUSED): Stage.PAUSED,
    (Stage.IN_FORCE, Step.HELD): Stage.HELD,
    (Stage.PAUSED, Step.HELD): Stage.HELD,
    (Stage.PAUSED, Step.RESUMED): Stage.IN_FORCE,
    (Stage.HELD, Step.RESUMED): Stage.IN_FORCE,
    **{(stage, Step.SUPERSEDED): Stage.SUPERSEDED for stage in _LIVE},
    **{(stage, Step.STOPPED): Stage.STOPPED for stage in _LIVE},
    **{(stage, Step.ENDED): Stage.ENDED for stage in _LIVE},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A step that was taken: when, by whom (None: by no person), and in their words."""

    step: Step
    at: datetime
    by: UserId | None
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """Where a version is, since when, and every step it took, the oldest first."""

    stage: Stage
    since: datetime | None
    steps: tuple[Taken, ...]


def move(stage: Stage, step: Step) -> Stage:
    """Look the move up. Raises StepRefused."""
    try:
        return MOVES[stage, step]
    except KeyError:
        raise StepRefused(stage, step) from None


def lived(steps: Iterable[Taken], now: datetime) -> Life:
    """The life that these steps make by now, in whatever order they were learned.

    A step that moves nothing from where the version is stays a fact of its life: delivered while in force, say.
    """
    order = {step: place for place, step in enumerate(Step)}
    taken = sorted((one for one in steps if one.at <= now), key=lambda one: (one.at, order[one.step]))
    stage, since = Stage.DRAFT, None
    for one in taken:
        following = MOVES.get((stage, one.step))
        if following is not None:
            stage, since = following, one.at
    return Life(stage=stage, since=since, steps=tuple(taken))
