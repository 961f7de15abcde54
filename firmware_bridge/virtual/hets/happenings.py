"""What happens to and in a device, in the order in which it does."""

from dataclasses import dataclass
from datetime import timedelta

from firmware_bridge.virtual.hets.clock import Tick
from firmware_bridge.virtual.hets.codes import EndReason, Result
from firmware_bridge.virtual.hets.layouts import StateReport
from firmware_bridge.virtual.physics.sensing import Sensed


@dataclass(frozen=True, slots=True)
class PowerChanged:
    """The device got power, and with it a timeline, or lost it."""

    at: timedelta
    on: bool
    timeline: int


@dataclass(frozen=True, slots=True)
class Pressed:
    """A person pressed the button; `tick` is when, by the device's clock."""

    at: timedelta
    tick: Tick


@dataclass(frozen=True, slots=True)
class Began:
    """Emission began; the counter had been stored before."""

    at: timedelta
    counter: int
    program: int
    planned: timedelta


@dataclass(frozen=True, slots=True)
class Refused:
    """Somebody wanted a session and did not get one."""

    at: timedelta
    program: int
    result: Result


@dataclass(frozen=True, slots=True)
class Sampled:
    """One second of a session; `frame` is what Live notifies, `dose` the running sum."""

    at: timedelta
    counter: int
    sequence: int
    sensed: Sensed
    dose: float
    frame: bytes


@dataclass(frozen=True, slots=True)
class Ended:
    """Emission ended after so many samples."""

    at: timedelta
    counter: int
    reason: EndReason
    samples: int


@dataclass(frozen=True, slots=True)
class Recorded:
    """The record of a session is stored; its bit "current timeline" is clear."""

    at: timedelta
    counter: int
    record: bytes


@dataclass(frozen=True, slots=True)
class StateChanged:
    """`report` is what State now reads, and notifies."""

    at: timedelta
    report: StateReport


Happening = PowerChanged | Pressed | Began | Refused | Sampled | Ended | Recorded | StateChanged
