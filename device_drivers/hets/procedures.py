"""Orders to a HETS device and its answers: record access and control (device profile, Record access and Control)."""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from device_drivers.errors import FrameRefused
from device_drivers.hets.codes import LOCKOUTS

_ANSWER: Final = 6
_FROM: Final = 3
_BY_COUNTER: Final = 1
_CONTROL_ANSWER: Final = 0x80

STOP: Final = bytes((0x11,))


class Access(IntEnum):
    """Operations of record access that are asked for."""

    REPORT = 1
    ABORT = 3


ABORT_RECORDS: Final = bytes((Access.ABORT, 0))


class AccessResult(IntEnum):
    """How a record access procedure ended (Bluetooth SIG, Record Access Control Point)."""

    OK = 1
    OPCODE = 2
    OPERATOR = 3
    OPERATOR_UNSUPPORTED = 4
    OPERAND = 5
    NO_RECORDS = 6
    ABORT_FAILED = 7
    NOT_COMPLETED = 8
    OPERAND_UNSUPPORTED = 9


class ControlResult(IntEnum):
    """The results that no lock-out stands for."""

    OK = 1
    UNSUPPORTED = 2
    OPERAND = 3
    FAILED = 4
    RANGE = 5
    SIGNATURE = 0x20
    KEY = 0x21
    REPLAY = 0x22
    OTHER_DEVICE = 0x23
    CRC = 0x24
    MALFORMED = 0x25
    CONFIRM = 0x30
    ACTIVE = 0x31


def result_name(result: int) -> str:
    """A result in words: the lock-out that it stands for, or what it is called; its code when it has no name."""
    if lockout := LOCKOUTS.get(result):
        return str(lockout)
    return _NAMES.get(result, f"{result:#04x}")


_NAMES: Final[Mapping[int, str]] = {result.value: result.name.lower().replace("_", " ") for result in ControlResult}


def report_records_from(counter: int) -> bytes:
    """Ask for all records with this session counter or a higher one."""
    return struct.pack("<BBBI", Access.REPORT, _FROM, _BY_COUNTER, counter)


@dataclass(frozen=True, slots=True)
class AccessAnswer:
    """Which operation was answered (an Access, for what is asked here), and how."""

    operation: int
    result: AccessResult


def read_access_answer(frame: bytes) -> AccessAnswer:
    """Decode a record access answer. Raises FrameRefused."""
    if len(frame) != 4 or frame[0] != _ANSWER:
        raise FrameRefused("record access", "answer", f"{frame.hex()} is no answer")
    try:
        return AccessAnswer(frame[2], AccessResult(frame[3]))
    except ValueError:
        raise FrameRefused("record access", "result", f"{frame[3]} is unknown") from None


def acknowledge_records(upto: int) -> bytes:
    """Tell a device that its records up to this session counter are stored."""
    return struct.pack("<BI", 0x30, upto)


@dataclass(frozen=True, slots=True)
class ControlAnswer:
    """Which operation was answered, and how; `result` is a ControlResult or a lock-out's code."""

    operation: int
    result: int
    parameters: bytes


def read_control_answer(frame: bytes) -> ControlAnswer:
    """Decode a control answer. Raises FrameRefused."""
    if not 3 <= len(frame) <= 20 or frame[0] != _CONTROL_ANSWER:
        raise FrameRefused("control", "answer", f"{frame.hex()} is no answer")
    return ControlAnswer(frame[1], frame[2], frame[3:])


def read_prescription_answer(frame: bytes) -> int:
    """Decode the answer to a prescription: a ControlResult or a lock-out's code. Raises FrameRefused."""
    if len(frame) != 1:
        raise FrameRefused("prescription", "answer", f"{frame.hex()} is no answer")
    return frame[0]
