"""What people, and fate, do to a device, as data: a script of steps."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from firmware_bridge.virtual.fields import Fields


class Deed(StrEnum):
    """What can happen to a device, a start aside.

    A person who waits until the device is followed looks at its light: the steps after that are later by as long as
    it took until somebody subscribed to its live frames.
    """

    STOP = "stop"
    PUT_ON = "put on"
    TAKE_OFF = "take off"
    GEL_DRIES = "gel dries"
    GEL_RENEWED = "gel renewed"
    HEAD_STALLS = "head stalls"
    CUT_OFF_FAILS = "cut-off fails"
    REMOTE_STOP_FAILS = "remote stop fails"
    OUT_OF_RANGE = "out of range"
    IN_RANGE = "in range"
    POWER_LOST = "power lost"
    POWER_BACK = "power back"
    OPEN_PAIRING = "open pairing"
    WAIT_UNTIL_FOLLOWED = "wait until followed"


@dataclass(frozen=True, slots=True)
class Begin:
    """A person selects a programme on the device and presses its button."""

    program: int


Act = Begin | Deed


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """An act, at a time from the start of the scenario; before it, a step is history."""

    at: timedelta
    act: Act


Script = tuple[Step, ...]

_BEGIN: Final = "begin"
_ACTS: Final[dict[str, Deed | None]] = {_BEGIN: None, **{deed.value: deed for deed in Deed}}


def read_step(fields: Fields) -> Step:
    """One step: `{"at_s": 5, "act": "put on"}` or `{"at_s": 20, "act": "begin", "program": 0}`."""
    deed = fields.choice("act", _ACTS)
    return Step(at=fields.seconds("at_s"), act=Begin(fields.whole("program")) if deed is None else deed)


def dump_script(script: Iterable[Step]) -> list[dict[str, object]]:
    """What `read_step` reads, as values for JSON."""
    return [{"at_s": step.at.total_seconds(), **_dump_act(step.act)} for step in script]


def _dump_act(act: Act) -> dict[str, object]:
    return {"act": _BEGIN, "program": act.program} if isinstance(act, Begin) else {"act": act.value}
