"""The words that stand for codes over MQTT: the names of the profile's table of codes, in lower case."""

from collections.abc import Iterable
from enum import IntEnum
from typing import Final

from firmware_bridge.virtual.hets.codes import Fault, Feature, Result, Zone

_OTHERS: Final[dict[type[IntEnum], dict[int, str]]] = {
    Zone: {Zone.DECOLLETE: "décolleté"},
    Feature: {
        Feature.START: "start after a press",
        Feature.REAL_TIME_CLOCK: "real-time clock",
        Feature.UPDATE: "update over smp",
    },
    Fault: {
        Fault.OVER_TEMPERATURE: "over-temperature",
        Fault.EMITTER_OVER_CURRENT: "emitter over-current",
        Fault.CONTACT_LOST: "contact lost while emitting",
        Fault.SELF_TEST: "self-test",
    },
    Result: {Result.COOL_DOWN: "cool-down", Result.CONTACT: "no contact"},
}
"""What is not the name of its member."""


def word(code: IntEnum) -> str:
    """The word for a code."""
    return _OTHERS.get(type(code), {}).get(code) or code.name.lower().replace("_", " ")


def words(codes: Iterable[IntEnum]) -> list[str]:
    """The words for several codes, in the order of their numbers."""
    return [word(code) for code in sorted(codes)]


ZONES: Final = {word(zone): zone for zone in Zone}
