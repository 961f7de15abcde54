"""The packet sockets that a client gets when it acquires notifications, or writing."""

import asyncio
import socket
from collections import deque
from collections.abc import Callable
from typing import Final

_MOST_WAITING: Final = 4096
_MOST_BYTES: Final = 512
"""The longest attribute value."""


class NotifyPipe:
    """Our end of the socket: values leave in order; `on_closed` is called when the client closes its end.

    A client that does not read has 4,096 values waiting for it; later ones are dropped (BlueZ drops at once).
    """

    def __init__(self, on_closed: Callable[[], None]) -> None:
        self._ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.client_fd: Final = theirs.detach()
        self._on_closed = on_closed
        self._waiting: deque[bytes] = deque()
        self._loop = asyncio.get_running_loop()
        self._ours.settimeout(0)
        self._loop.add_reader(self._ours, self._heard)

    def send(self, value: bytes) -> None:
        """Pass a value on."""
        if len(self._waiting) < _MOST_WAITING:
            self._waiting.append(value)
        if len(self._waiting) == 1:
            self._flush()

    def close(self) -> None:
        """Close our end, which tells the client that no more will come."""
        if self._ours.fileno() >= 0:
            self._loop.remove_reader(self._ours)
            self._loop.remove_writer(self._ours)
            self._ours.close()
        self._waiting.clear()

    def _heard(self) -> None:
        """A client has nothing to say here but that it is gone."""
        self.close()
        self._on_closed()

    def _flush(self) -> None:
        while self._waiting and self._ours.fileno() >= 0:
            try:
                self._ours.send(self._waiting[0])
            except BlockingIOError:
                self._loop.add_writer(self._ours, self._flush)
                return
            except OSError:
                self._heard()
                return
            self._waiting.popleft()
        if self._ours.fileno() >= 0:
            self._loop.remove_writer(self._ours)


class WritePipe:
    """Our end of the socket: every packet that the client sends is given to `write`."""

    def __init__(self, write: Callable[[bytes], None]) -> None:
        self._ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.client_fd: Final = theirs.detach()
        self._write = write
        self._ours.settimeout(0)
        asyncio.get_running_loop().add_reader(self._ours, self._heard)

    def end_with(self, _: int) -> None:
        """Close our end with the link, whatever the reason it ended."""
        self.close()

    def close(self) -> None:
        """Close our end."""
        if self._ours.fileno() >= 0:
            asyncio.get_running_loop().remove_reader(self._ours)
            self._ours.close()

    def _heard(self) -> None:
        try:
            value = self._ours.recv(_MOST_BYTES)
        except OSError:
            value = b""
        if value:
            self._write(value)
        else:
            self.close()
