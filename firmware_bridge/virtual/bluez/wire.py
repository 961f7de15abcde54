"""D-Bus messages from and to octets: the one place that uses what dbus-fast keeps private (it is pinned)."""

import socket
from collections.abc import Callable

from dbus_fast import Message
from dbus_fast.aio.message_reader import build_message_reader


def pack(message: Message, *, passes_fds: bool) -> bytes:
    """The octets of a message; dbus-fast marshals only for a bus that it owns."""
    # dbus-fast has no public way to a message's bytes; its version is pinned.
    return bytes(message._marshall(passes_fds))  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]


def unpack(
    sock: socket.socket, heard: Callable[[Message], None], ended: Callable[[Exception | None], None]
) -> Callable[[], None]:
    """What to call whenever the socket is readable: gives whole messages to `heard`, and the end to `ended`."""
    return build_message_reader(sock, heard, ended, False)  # noqa: FBT003  # its own order of arguments
