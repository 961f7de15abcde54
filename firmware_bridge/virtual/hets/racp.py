"""Record Access Control Point 0x2A52: which records a request names, and what the device answers."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from struct import Struct
from typing import Final

from firmware_bridge.virtual.hets.memory import RecordMemory


class Procedure(IntEnum):
    """First byte of a request; the last two begin an answer."""

    REPORT = 1
    DELETE = 2
    ABORT = 3
    COUNT = 4
    COUNT_ANSWER = 5
    ANSWER = 6


class Code(IntEnum):
    """Last byte of an answer."""

    SUCCESS = 1
    UNSUPPORTED_PROCEDURE = 2
    INVALID_OPERATOR = 3
    UNSUPPORTED_OPERATOR = 4
    INVALID_OPERAND = 5
    NO_RECORDS = 6
    ABORT_UNSUCCESSFUL = 7
    NOT_COMPLETED = 8
    UNSUPPORTED_OPERAND = 9


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request leads to: records to send, as counters, and then the indication."""

    counters: tuple[int, ...]
    indication: bytes


@dataclass(frozen=True, slots=True)
class Operator:
    """How one operator picks records: `bounds` counts its operands, `pick` gets all counters and them."""

    bounds: int
    pick: Callable[[list[int], tuple[int, ...]], list[int]]


NULL_OPERATOR: Final = 0
COUNTER_FILTER: Final = 1
"""The only filter type: the session counter, u32."""

OPERATORS: Final = {
    1: Operator(0, lambda all_, _: all_),
    2: Operator(1, lambda all_, bounds: [counter for counter in all_ if counter <= bounds[0]]),
    3: Operator(1, lambda all_, bounds: [counter for counter in all_ if counter >= bounds[0]]),
    4: Operator(2, lambda all_, bounds: [counter for counter in all_ if bounds[0] <= counter <= bounds[1]]),
    5: Operator(0, lambda all_, _: all_[:1]),
    6: Operator(0, lambda all_, _: all_[-1:]),
}

_BOUND: Final = Struct("<I")


def answer(procedure: int, code: Code) -> bytes:
    """The indication that ends a procedure."""
    return bytes((Procedure.ANSWER, NULL_OPERATOR, procedure, code))


ABORTED: Final = answer(Procedure.ABORT, Code.SUCCESS)


def respond(request: bytes, records: RecordMemory) -> Answer:
    """Do what a request of at least one byte asks. An abort is answered as if a transfer had been running."""
    procedure, operator, operand = request[0], request[1:2], request[2:]
    if procedure == Procedure.ABORT:
        return Answer((), answer(procedure, _abort(operator, operand)))
    if procedure not in _PROCEDURES:
        return Answer((), answer(procedure, Code.UNSUPPORTED_PROCEDURE))
    selected = _select(list(records.stored), operator, operand)
    if isinstance(selected, Code):
        return Answer((), answer(procedure, selected))
    return _PROCEDURES[procedure](records, selected)


def _abort(operator: bytes, operand: bytes) -> Code:
    if operator != bytes((NULL_OPERATOR,)):
        return Code.INVALID_OPERATOR
    return Code.INVALID_OPERAND if operand else Code.SUCCESS


def _select(counters: list[int], operator: bytes, operand: bytes) -> tuple[int, ...] | Code:
    if not operator or operator[0] == NULL_OPERATOR:
        return Code.INVALID_OPERATOR
    if (known := OPERATORS.get(operator[0])) is None:
        return Code.UNSUPPORTED_OPERATOR
    bounds = _bounds(known, operand)
    return bounds if isinstance(bounds, Code) else tuple(known.pick(counters, bounds))


def _bounds(operator: Operator, operand: bytes) -> tuple[int, ...] | Code:
    if not operator.bounds:
        return Code.INVALID_OPERAND if operand else ()
    if operand and operand[0] != COUNTER_FILTER:
        return Code.UNSUPPORTED_OPERAND
    if len(operand) != 1 + operator.bounds * _BOUND.size:
        return Code.INVALID_OPERAND
    bounds = tuple(bound for (bound,) in _BOUND.iter_unpack(operand[1:]))
    return bounds if bounds[0] <= bounds[-1] else Code.INVALID_OPERAND


def _report(_: RecordMemory, selected: tuple[int, ...]) -> Answer:
    return Answer(selected, answer(Procedure.REPORT, Code.SUCCESS if selected else Code.NO_RECORDS))


def _delete(records: RecordMemory, selected: tuple[int, ...]) -> Answer:
    if not selected:
        return Answer((), answer(Procedure.DELETE, Code.NO_RECORDS))
    done = records.delete(selected)
    return Answer((), answer(Procedure.DELETE, Code.SUCCESS if done else Code.NOT_COMPLETED))


def _count(_: RecordMemory, selected: tuple[int, ...]) -> Answer:
    return Answer((), bytes((Procedure.COUNT_ANSWER, NULL_OPERATOR)) + len(selected).to_bytes(2, "little"))


_PROCEDURES: Final[dict[int, Callable[[RecordMemory, tuple[int, ...]], Answer]]] = {
    Procedure.REPORT: _report,
    Procedure.DELETE: _delete,
    Procedure.COUNT: _count,
}
