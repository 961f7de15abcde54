"""A panel as data that travels in a file: which unit it is, and what people do to it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Final

from firmware_bridge.virtual.fields import Fields


class PanelDeed(StrEnum):
    """What can happen to a panel. One waits until it is followed: what comes after is later by as long as that took."""

    SWITCH_ON = "switch on"
    SWITCH_OFF = "switch off"
    OUT_OF_RANGE = "out of range"
    IN_RANGE = "in range"
    WAIT_UNTIL_FOLLOWED = "wait until followed"


@dataclass(frozen=True, slots=True)
class SetTimer:
    """A person sets the timer."""

    timer: timedelta


@dataclass(frozen=True, slots=True)
class Dim:
    """A person sets how bright a channel is, counted from 0."""

    channel: int
    percent: int


PanelAct = PanelDeed | SetTimer | Dim


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelStep:
    """An act, at a time from the start of the scenario."""

    at: timedelta
    act: PanelAct


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelDefinition:
    """One panel: `address` is a static random one and shows in its name, `timer` what its countdowns begin from."""

    address: str
    seed: int
    timer: timedelta
    script: tuple[PanelStep, ...]
    journal: Path

    @property
    def name(self) -> str:
        """What it advertises."""
        return "BLOCK" + self.address.replace(":", "").upper()


def read_panel(fields: Fields) -> PanelDefinition:
    """What `dump_panel` gives."""
    return PanelDefinition(
        address=fields.text("address"),
        seed=fields.whole("seed"),
        timer=fields.seconds("timer_s"),
        script=fields.each("script", _read_step),
        journal=fields.parsed("journal", Path),
    )


def dump_panel(panel: PanelDefinition) -> dict[str, object]:
    """A panel as values for JSON."""
    return {
        "address": panel.address,
        "seed": panel.seed,
        "timer_s": panel.timer.total_seconds(),
        "script": [{"at_s": step.at.total_seconds(), **_dump_act(step.act)} for step in panel.script],
        "journal": str(panel.journal),
    }


def _read_step(fields: Fields) -> PanelStep:
    act = fields.choice("act", _ACTS)(fields)
    return PanelStep(at=fields.seconds("at_s"), act=act)


def _read_deed(deed: PanelDeed) -> Callable[[Fields], PanelAct]:
    return lambda _: deed


def _read_timer(fields: Fields) -> SetTimer:
    return SetTimer(fields.seconds("timer_s"))


def _read_dim(fields: Fields) -> Dim:
    return Dim(fields.whole("channel"), fields.whole("percent"))


def _dump_act(act: PanelAct) -> dict[str, object]:
    match act:
        case SetTimer(timer):
            return {"act": _SET_TIMER, "timer_s": timer.total_seconds()}
        case Dim(channel, percent):
            return {"act": _DIM, "channel": channel, "percent": percent}
        case _:
            return {"act": act.value}


_SET_TIMER: Final = "set timer"
_DIM: Final = "dim"
_ACTS: Final[dict[str, Callable[[Fields], PanelAct]]] = {
    _SET_TIMER: _read_timer,
    _DIM: _read_dim,
    **{deed.value: _read_deed(deed) for deed in PanelDeed},
}
