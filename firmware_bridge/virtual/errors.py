"""What virtual devices and their homes raise.

FirmwareBridgeError
├── RefusedWriteError    a write that the attribute protocol itself answers with an error
├── MalformedJsonError   a message over MQTT that is not what its topic takes
└── DefinitionError      a file does not define a home, or is no journal
"""

from firmware_bridge.errors import FirmwareBridgeError


class RefusedWriteError(FirmwareBridgeError):
    """A write that the attribute protocol answers with an error `code`, so that nothing was done."""

    def __init__(self, code: int, problem: str) -> None:
        self.code, self.problem = code, problem
        super().__init__(f"{problem} (ATT error 0x{code:02X})")


class MalformedJsonError(FirmwareBridgeError):
    """A message over MQTT is not what its topic takes: `problem`."""

    def __init__(self, problem: str) -> None:
        self.problem = problem
        super().__init__(f"malformed message: {problem}")


class DefinitionError(FirmwareBridgeError):
    """JSON is not what it should be: `where` is the path to the field, `problem` what is wrong with it."""

    def __init__(self, where: str, problem: str) -> None:
        self.where, self.problem = where, problem
        super().__init__(f"{where}: {problem}")
