"""The life of a device: a table of moves, and everything else is refused."""

from enum import Enum, auto
from typing import Final

from firmware_bridge.virtual.hets.codes import State


class Event(Enum):
    """What can move a device from one state to another."""

    POWER_ON = auto()
    POWER_OFF = auto()
    START = auto()
    END = auto()
    LOCK = auto()
    UNLOCK = auto()
    FAIL = auto()
    CLEAR = auto()


MOVES: Final = {
    (State.OFF, Event.POWER_ON): State.READY,
    (State.READY, Event.POWER_OFF): State.OFF,
    (State.READY, Event.START): State.EMITTING,
    (State.READY, Event.LOCK): State.LOCKED,
    (State.READY, Event.FAIL): State.FAULT,
    (State.LOCKED, Event.POWER_OFF): State.OFF,
    (State.LOCKED, Event.UNLOCK): State.READY,
    (State.EMITTING, Event.POWER_OFF): State.OFF,
    (State.EMITTING, Event.END): State.READY,
    (State.EMITTING, Event.FAIL): State.FAULT,
    (State.FAULT, Event.POWER_OFF): State.OFF,
    (State.FAULT, Event.CLEAR): State.READY,
}
"""A device that starts up with a fault it has stored goes to FAULT by way of READY."""
