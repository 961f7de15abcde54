"""Control 0006: requests from afar as a table, and the answer to each (device profile, Control)."""

from collections.abc import Callable
from dataclasses import dataclass
from struct import Struct
from typing import Final

from firmware_bridge.virtual.hets import lockouts
from firmware_bridge.virtual.hets.clock import SECOND
from firmware_bridge.virtual.hets.codes import Feature, Operation, Result, State, Zone
from firmware_bridge.virtual.hets.device import VirtualDevice
from firmware_bridge.virtual.hets.layouts import UNITS
from firmware_bridge.virtual.hets.products import Program

_ANSWER: Final = 0x80
_BATTERY_FOR_UPDATE_PERCENT: Final = 30

Outcome = tuple[Result, bytes]


@dataclass(frozen=True, slots=True)
class Request:
    """One operation: the bytes it takes, the feature it needs, and what it does."""

    operand: Struct
    needs: Feature | None
    do: Callable[[VirtualDevice, tuple[int, ...]], Outcome]


def control(device: VirtualDevice, request: bytes) -> bytes:
    """Do what a request of at least one byte asks; the indication that answers it."""
    operation, operand = request[0], request[1:]
    result, parameters = _perform(device, operation, operand)
    return bytes((_ANSWER, operation, result)) + parameters


def _perform(device: VirtualDevice, operation: int, operand: bytes) -> Outcome:
    known = REQUESTS.get(operation)
    if known is None or (known.needs is not None and known.needs not in device.product.features):
        return Result.UNSUPPORTED, b""
    if len(operand) != known.operand.size:
        return Result.OPERAND, b""
    return known.do(device, known.operand.unpack(operand))


def _start(device: VirtualDevice, operands: tuple[int, ...]) -> Outcome:
    number, seconds, zones, level = operands
    if zones >> len(Zone):
        return Result.RANGE, b""
    wanted = Program(
        planned=seconds * SECOND,
        level=level / UNITS[device.product.modality].level,
        zones=tuple(zone for zone in Zone if zones >> zone & 1),
    )
    result = device.start(number, wanted)
    return result, lockouts.answer_parameters(result, device.circumstances())


def _maintenance(device: VirtualDevice, _: tuple[int, ...]) -> Outcome:
    if device.state is State.EMITTING:
        return Result.ACTIVE, b""
    charged = device.battery_percent >= _BATTERY_FOR_UPDATE_PERCENT
    return Result.OK if charged else Result.BATTERY, b""


def _self_test(device: VirtualDevice, _: tuple[int, ...]) -> Outcome:
    if device.state is State.EMITTING:
        return Result.ACTIVE, b""
    return Result.FAILED if device.state is State.FAULT else Result.OK, b""


_NOTHING: Final = Struct("<")

REQUESTS: Final[dict[int, Request]] = {
    Operation.START: Request(Struct("<BHHH"), Feature.START, _start),
    Operation.STOP: Request(_NOTHING, None, lambda device, _: (device.stop(), b"")),
    Operation.PAUSE: Request(_NOTHING, Feature.PAUSE, lambda device, _: (device.pause(), b"")),
    Operation.RESUME: Request(_NOTHING, Feature.PAUSE, lambda device, _: (device.resume(), b"")),
    Operation.NONCE: Request(_NOTHING, None, lambda device, _: (Result.OK, device.nonce().to_bytes(8, "little"))),
    Operation.ACKNOWLEDGE: Request(
        Struct("<I"), Feature.RECORDS, lambda device, operands: (device.acknowledge(*operands), b"")
    ),
    Operation.IDENTIFY: Request(_NOTHING, Feature.IDENTIFY, lambda _, __: (Result.OK, b"")),
    Operation.MAINTENANCE: Request(_NOTHING, Feature.UPDATE, _maintenance),
    Operation.SELF_TEST: Request(_NOTHING, None, _self_test),
}
