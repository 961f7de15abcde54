"""The wire between the homes and their broker: it can be cut, fall silent, and do mischief to messages."""

import asyncio
import socket
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from enum import Enum
from itertools import chain
from threading import Event, Thread
from types import TracebackType
from typing import Final, Self

from lumenward.lab.packets import Honesty, Mischief, is_message, split

_READ: Final = 65536


class Wire(Enum):
    """What a wire does with what is sent over it."""

    JOINED = "joined"
    SILENT = "silent"
    CUT = "cut"


class Relay:
    """Takes connections on `port` and hands them on to another, both on loopback. Raises OSError for one in use.

    A thread of its own; `wire` and `mischief` may be set from any other. A silent wire takes everything and hands
    nothing on; a cut one ends every connection and takes none.
    """

    def __init__(self, port: int, target: int) -> None:
        self.port, self._target = port, target
        self.mischief: Callable[[], Mischief] = Honesty
        self.meddled = 0
        """Messages that did not go on as they were when they came."""

        self._wire = Wire.JOINED
        self._loop = asyncio.new_event_loop()
        self._passing = asyncio.Event()
        self._passing.set()
        self._connections: set[asyncio.Task[None]] = set()
        self._ready = Event()
        self._socket = socket.create_server(("127.0.0.1", port))
        self._thread = Thread(target=self._run, name="relay", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def set_wire(self, wire: Wire) -> None:
        """Cut, silence or join the wire."""
        self._loop.call_soon_threadsafe(self._set_wire, wire)

    def _set_wire(self, wire: Wire) -> None:
        self._wire = wire
        if wire is Wire.SILENT:
            self._passing.clear()
        else:
            self._passing.set()
        if wire is Wire.CUT:
            for connection in tuple(self._connections):
                connection.cancel()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._connected, sock=self._socket))
        self._loop.call_soon(self._ready.set)
        self._loop.run_forever()
        server.close()
        for connection in self._connections:
            connection.cancel()
        self._loop.run_until_complete(asyncio.gather(*self._connections, return_exceptions=True))
        self._loop.close()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._wire is Wire.CUT:
            writer.close()
            return
        connection = asyncio.ensure_future(self._relay(reader, writer))
        self._connections.add(connection)
        connection.add_done_callback(self._connections.discard)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with closing(writer), suppress(OSError):
            onward_reader, onward_writer = await asyncio.open_connection("127.0.0.1", self._target)
            with closing(onward_writer):
                up = asyncio.ensure_future(self._pump(reader, onward_writer, self._meddled()))
                down = asyncio.ensure_future(self._pump(onward_reader, writer, bytes))
                try:
                    await asyncio.wait((up, down), return_when=asyncio.FIRST_COMPLETED)
                finally:
                    up.cancel()
                    down.cancel()

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, pass_on: Callable[[bytes], bytes]
    ) -> None:
        with suppress(OSError):
            while data := await reader.read(_READ):
                await self._passing.wait()
                writer.write(pass_on(data))
                await writer.drain()

    def _meddled(self) -> Callable[[bytes], bytes]:
        """What becomes of the bytes of one connection; what is held back there goes on there."""
        left, made_by, mischief = b"", self.mischief, self.mischief()

        def pass_on(data: bytes) -> bytes:
            nonlocal left, made_by, mischief
            held: tuple[bytes, ...] = ()
            if self.mischief is not made_by:
                held = tuple(mischief.rest())
                made_by, mischief = self.mischief, self.mischief()
            packets, left = split(left + data)
            return b"".join((*held, *chain.from_iterable(self._meet(packet, mischief) for packet in packets)))

        return pass_on

    def _meet(self, packet: bytes, mischief: Mischief) -> Sequence[bytes]:
        if not is_message(packet):
            return (*mischief.rest(), packet)
        onward = mischief.meet(packet)
        self.meddled += list(onward) != [packet]
        return onward
