"""One client of the bus: its socket, its authentication, and what is still to be written to it."""

import asyncio
import os
import socket
import struct
from array import array
from collections import deque
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final, Protocol

from dbus_fast import Message, MessageType

from firmware_bridge.errors import BusError
from firmware_bridge.virtual.bluez import wire
from firmware_bridge.virtual.bluez.match_rules import matches
from firmware_bridge.virtual.bluez.refusals import NO_REPLY
from firmware_bridge.virtual.bluez.sasl import Sasl, Step

_MOST_UNREAD_BYTES: Final = 8 << 20
"""A client that leaves more unread is cut off, as dbus-daemon does."""

_LINE_BYTES: Final = 4096
_CREDENTIALS: Final = struct.Struct("3i")  # process, user, group


class Attendant(Protocol):
    """Who looks after the clients."""

    def heard(self, client: "BusClient", message: Message) -> None:
        """A client sent a method call."""

    def gone(self, client: "BusClient") -> None:
        """A client's connection is closed."""


class BusClient:
    """A connection to the bus; `name` is its unique name (":1.7").

    Messages are written in order, each when the socket takes it; file descriptors belong to the client from `send` on.
    """

    def __init__(self, name: str, sock: socket.socket, attendant: Attendant) -> None:
        self.name = name
        self.rules: list[Mapping[str, str]] = []
        self._socket, self._attendant = sock, attendant
        self._loop = asyncio.get_running_loop()
        _, uid, _ = _CREDENTIALS.unpack(sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size))
        self._sasl = Sasl(uid)
        self._line = b""
        self._unwritten: deque[tuple[memoryview, Sequence[int]]] = deque()
        self._unwritten_bytes = 0
        self._serial = 0
        self._calls: dict[int, asyncio.Future[Message]] = {}
        self._closed = False
        sock.settimeout(0)
        self._loop.add_reader(sock, self._authenticate)

    @property
    def passes_fds(self) -> bool:
        """Whether the client takes file descriptors."""
        return self._sasl.passes_fds

    def wants(self, signal: Message) -> bool:
        """Whether one of its match rules asks for a signal."""
        return any(matches(rule, signal) for rule in self.rules)

    def send(self, message: Message) -> None:
        """Write a message, or keep it until the socket takes it."""
        self._serial = message.serial = self._serial + 1
        self._write(wire.pack(message, passes_fds=self.passes_fds), tuple(message.unix_fds))

    async def call(self, message: Message, patience: timedelta) -> Message:
        """Call a method that the client exports. Raises BusError: what it answered, or NoReply."""
        if self._closed:
            raise BusError(*NO_REPLY)
        self.send(message)
        reply = self._calls[message.serial] = self._loop.create_future()
        try:
            async with asyncio.timeout(patience.total_seconds()):
                answer: Message = await reply
        except TimeoutError:
            raise BusError(*NO_REPLY) from None
        finally:
            self._calls.pop(message.serial, None)
        if answer.message_type is MessageType.ERROR:
            raise BusError(answer.error_name or "", str(answer.body[0]) if answer.body else "")
        return answer

    def close(self, _: Exception | None = None) -> None:
        """Cut the client off."""
        if self._closed:
            return
        self._closed = True
        self._loop.remove_reader(self._socket)
        self._loop.remove_writer(self._socket)
        self._socket.close()
        for _octets, fds in self._unwritten:
            _close_all(fds)
        for reply in self._calls.values():
            if not reply.done():
                reply.set_exception(BusError(*NO_REPLY))
        self._attendant.gone(self)

    def _authenticate(self) -> None:
        try:
            seen = self._socket.recv(_LINE_BYTES, socket.MSG_PEEK)
        except OSError:
            seen = b""
        if not seen or len(self._line) > _LINE_BYTES:
            self.close()
            return
        line, newline, _ = seen.partition(b"\n")
        self._line += self._socket.recv(len(line + newline))  # and not one octet of the messages that follow
        if newline:
            self._write(self._sasl.receive(self._line), ())
            self._line = b""
        if self._sasl.step is Step.BEGUN and not self._closed:
            self._loop.add_reader(self._socket, wire.unpack(self._socket, self._heard, self.close))

    def _heard(self, message: Message) -> None:
        if message.message_type is MessageType.METHOD_CALL:
            self._attendant.heard(self, message)
        elif (reply := self._calls.get(message.reply_serial)) is not None and not reply.done():
            reply.set_result(message)

    def _write(self, octets: bytes, fds: Sequence[int]) -> None:
        if self._closed:
            _close_all(fds)
            return
        self._unwritten.append((memoryview(octets), fds))
        self._unwritten_bytes += len(octets)
        if self._unwritten_bytes > _MOST_UNREAD_BYTES:
            self.close()
        elif len(self._unwritten) == 1:
            self._flush()

    def _flush(self) -> None:
        while self._unwritten:
            octets, fds = self._unwritten[0]
            try:
                written = self._socket.sendmsg([octets], _ancillary(fds))
            except BlockingIOError:
                self._loop.add_writer(self._socket, self._flush)
                return
            except OSError:
                self.close()
                return
            _close_all(fds)
            self._unwritten_bytes -= written
            self._unwritten[0] = (octets[written:], ())
            if written == len(octets):
                self._unwritten.popleft()
        self._loop.remove_writer(self._socket)


def _ancillary(fds: Sequence[int]) -> list[tuple[int, int, bytes]]:
    return [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array("i", fds).tobytes())] if fds else []


def _close_all(fds: Sequence[int]) -> None:
    for fd in fds:
        os.close(fd)
