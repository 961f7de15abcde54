"""Every error of the firmware bridge.

FirmwareBridgeError
├── RoomError     a host is not in the room it is asked to act in
├── TraceError    a file is not a trace of HCI packets
└── BusError      the virtual org.bluez refuses a call
"""

from vocabulary.errors import LumenwardError


class FirmwareBridgeError(LumenwardError):
    """A virtual device, its radio or a maker's tool cannot do what it was asked."""


class RoomError(FirmwareBridgeError):
    """A host is not in the room it is asked to act in: `host` is its name."""

    def __init__(self, host: str) -> None:
        self.host = host
        super().__init__(f"{host} is not in this room: make it with make_host(room, ...)")


class TraceError(FirmwareBridgeError):
    """A file is not a trace of HCI packets: `path`, `offset` in bytes, `problem`."""

    def __init__(self, path: str, offset: int, problem: str) -> None:
        self.path, self.offset, self.problem = path, offset, problem
        super().__init__(f"{path}, byte {offset}: {problem}; expected btsnoop version 1 with HCI UART packets (1002)")


class BusError(FirmwareBridgeError):
    """The virtual org.bluez refuses a call: `name` is the D-Bus error a client sees, `text` its message."""

    def __init__(self, name: str, text: str) -> None:
        self.name, self.text = name, text
        super().__init__(f"[{name}] {text}")
