"""A TCP proxy between a client and its broker that does to connections what bad networks do."""

import asyncio
from contextlib import suppress
from random import Random


class FaultProxy:
    """Faults can be set at any time, and hold for connections that are open too.

    `cut_after`: a connection is cut when so many more bytes have gone up, counted from when it is set. `black_hole`:
    connections are taken, and nothing goes through them. `cuts`, `stalls`: the chance of each piece of the stream to
    be the connection's last, or to be held up for a while.
    """

    def __init__(self, port: int, chance: Random) -> None:
        self._upstream, self._chance = port, chance
        self.cut_after: int | None = None
        self.black_hole = False
        self.cuts = self.stalls = 0.0
        self.connections = 0

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        self._open = {}
        return self

    async def __aexit__(self, *_):
        self._server.close()
        self.black_hole = False
        for writer in self._open.values():
            writer.close()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _serve(self, reader, writer):
        self.connections += 1
        self._open[asyncio.current_task()] = writer
        with suppress(OSError):
            up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self._upstream)
            await asyncio.gather(
                self._pass(reader, up_writer, writer, up=True), self._pass(up_reader, writer, up_writer, up=False)
            )
        writer.close()
        del self._open[asyncio.current_task()]

    async def _pass(self, reader, writer, other, *, up):
        """One direction, until either side or a fault ends the connection; then both end."""
        try:
            with suppress(OSError):
                await self._pass_on(reader, writer, up=up)
        finally:
            writer.close()
            other.close()

    async def _pass_on(self, reader, writer, *, up):
        while data := await reader.read(65536):
            while self.black_hole:  # noqa: ASYNC110 - the test ends it
                await asyncio.sleep(0.01)
            if self._chance.random() < self.stalls:
                await asyncio.sleep(self._chance.uniform(0, 0.3))
            if self._chance.random() < self.cuts:
                return
            if up and self.cut_after is not None:
                self.cut_after -= len(data)
                if self.cut_after <= 0:
                    writer.write(data[: len(data) + self.cut_after])
                    self.cut_after = None
                    await writer.drain()
                    return
            writer.write(data)
            await writer.drain()
