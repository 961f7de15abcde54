"""What a gateway asks of a device over MQTT: commands and acknowledgements, from JSON to what the device does."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Final, TypeVar

import msgspec

from firmware_bridge.virtual.errors import MalformedJsonError
from firmware_bridge.virtual.hets.clock import SECOND
from firmware_bridge.virtual.hets.codes import Feature, Result
from firmware_bridge.virtual.hets.device import VirtualDevice
from firmware_bridge.virtual.hets.products import Program
from firmware_bridge.virtual.wifi.messages import Body
from firmware_bridge.virtual.wifi.words import ZONES, word

REMEMBERED: Final = 64
"""Commands of a boot that are known again."""

LARGEST: Final = 8192
"""Bytes of a message."""

_LONGEST_S: Final = 0xFFFF
"""What a start over BLE can ask for, and what a record can count."""

_Shape = TypeVar("_Shape", bound=msgspec.Struct)


class Ack(msgspec.Struct):
    """All records up to a counter are stored."""

    upto: Annotated[int, msgspec.Meta(ge=0)]


class Command(msgspec.Struct):
    """A command, less what its operation takes."""

    op: str


class Start(msgspec.Struct):
    """What a start takes; level in mW/cm² or W."""

    program: int
    duration_s: int
    zones: list[str]
    level: float


@dataclass(frozen=True, slots=True)
class Operation:
    """What a command does to a device, by its JSON, and the feature it needs."""

    needs: Feature | None
    do: Callable[[VirtualDevice, bytes], Body]


class Commands:
    """The commands of one boot: each is done once, and answered alike however often it comes."""

    def __init__(self, device: VirtualDevice) -> None:
        self._device = device
        self._outcomes: dict[str, Body] = {}

    def outcome(self, command: str, payload: bytes) -> Body:
        """What became of a command: `result`, and the fields that its operation adds."""
        if command not in self._outcomes:
            self._outcomes[command] = _perform(self._device, payload)
            if len(self._outcomes) > REMEMBERED:
                del self._outcomes[next(iter(self._outcomes))]
        return self._outcomes[command]


def acknowledge(device: VirtualDevice, payload: bytes) -> None:
    """Note which records are safe; above the newest there is no effect. Raises MalformedJsonError."""
    device.acknowledge(_read(payload, Ack).upto)


def _perform(device: VirtualDevice, payload: bytes) -> Body:
    try:
        operation = OPERATIONS.get(_read(payload, Command).op)
        if operation is None or (operation.needs is not None and operation.needs not in device.product.features):
            return _told(Result.UNSUPPORTED)
        return operation.do(device, payload)
    except MalformedJsonError:
        return _told(Result.OPERAND)


def _read(payload: bytes, shape: type[_Shape]) -> _Shape:
    if len(payload) > LARGEST:
        raise MalformedJsonError(f"{len(payload)} bytes, more than {LARGEST}")
    try:
        return msgspec.json.decode(payload, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedJsonError(str(error)) from error


def _told(result: Result) -> Body:
    return {"result": word(result)}


def _start(device: VirtualDevice, payload: bytes) -> Body:
    start = _read(payload, Start)
    if not 0 < start.duration_s <= _LONGEST_S or not ZONES.keys() >= set(start.zones):
        return _told(Result.RANGE)
    zones = tuple(sorted({ZONES[zone] for zone in start.zones}))
    return _told(
        device.start(start.program, Program(planned=start.duration_s * SECOND, level=start.level, zones=zones))
    )


def _time(device: VirtualDevice, _: bytes) -> Body:
    tick = device.read_tick()
    return {**_told(Result.OK), "timeline": tick.timeline, "tick_s": tick.seconds}


OPERATIONS: Final = {
    "stop": Operation(None, lambda device, _: _told(device.stop())),
    "pause": Operation(Feature.PAUSE, lambda device, _: _told(device.pause())),
    "resume": Operation(Feature.PAUSE, lambda device, _: _told(device.resume())),
    "identify": Operation(Feature.IDENTIFY, lambda _, __: _told(Result.OK)),
    "time": Operation(None, _time),
    "start": Operation(Feature.START, _start),
}
"""A prescription is for devices that take one; these do not."""
