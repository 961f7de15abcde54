"""A D-Bus endpoint with one name on it, org.bluez: no daemon, and no other way in than its socket."""

import asyncio
import itertools
import logging
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

from dbus_fast import Message, MessageFlag

from firmware_bridge.errors import BusError
from firmware_bridge.virtual.bluez.bus_client import BusClient
from firmware_bridge.virtual.bluez.calls import Answer, Call, find
from firmware_bridge.virtual.bluez.driver import DRIVER, Driver
from firmware_bridge.virtual.bluez.tasks import Tasks

_log = logging.getLogger(__name__)


class Bus:
    """The bus at a socket: `answer` runs the calls to org.bluez, `on_gone` hears of every client that left."""

    def __init__(
        self,
        path: Path,
        answer: Callable[[BusClient, Message], Awaitable[Answer]],
        on_gone: Callable[[BusClient], None],
        tasks: Tasks,
    ) -> None:
        self._path, self._answer, self._on_gone, self._tasks = path, answer, on_gone, tasks
        self._clients: dict[str, BusClient] = {}
        self._numbers = itertools.count(1)
        self._driver = Driver(self._clients.keys).methods()
        self._door: socket.socket | None = None

    def open(self) -> None:
        """Listen; a socket file left over is replaced."""
        self._path.unlink(missing_ok=True)
        door = self._door = socket.socket(socket.AF_UNIX)
        door.bind(str(self._path))
        door.listen(128)
        door.settimeout(0)
        asyncio.get_running_loop().add_reader(door, self._accept, door)

    def close(self) -> None:
        """Cut everybody off and listen no more; calls under way run on in the tasks."""
        door, self._door = self._door, None
        if door is not None:
            asyncio.get_running_loop().remove_reader(door)
            door.close()
            self._path.unlink(missing_ok=True)
        self.cut_off()

    def cut_off(self) -> None:
        """Close every connection, as a bus that restarts does; new ones are welcome at once."""
        for client in tuple(self._clients.values()):
            client.close()

    def emit(self, signal: Message) -> None:
        """Send a signal to whoever asked for it."""
        for client in tuple(self._clients.values()):
            if client.wants(signal):
                client.send(signal)

    def heard(self, client: BusClient, message: Message) -> None:
        """Answer a call in a task of its own: calls may overtake each other."""
        self._tasks.start(self._reply(client, message))

    def gone(self, client: BusClient) -> None:
        """Forget a client."""
        del self._clients[client.name]
        self._on_gone(client)

    def _accept(self, door: socket.socket) -> None:
        sock, _ = door.accept()
        name = f":1.{next(self._numbers)}"
        self._clients[name] = BusClient(name, sock, self)

    async def _reply(self, client: BusClient, message: Message) -> None:
        reply = await self._run(client, message)
        if not message.flags & MessageFlag.NO_REPLY_EXPECTED:
            client.send(reply)

    async def _run(self, client: BusClient, message: Message) -> Message:
        try:
            answer = await (self._drive if message.destination == DRIVER else self._answer)(client, message)
        except BusError as refusal:
            return Message.new_error(message, refusal.name, refusal.text)
        except Exception as error:  # noqa: BLE001  # a client must not wait for ever because of our mistake
            _log.exception("virtual org.bluez: %s.%s failed", message.interface, message.member)
            return Message.new_error(message, "org.bluez.Error.Failed", repr(error))
        return Message.new_method_return(message, answer.signature, list(answer.body), list(answer.fds))

    async def _drive(self, client: BusClient, message: Message) -> Answer:
        call = Call(caller=client, path=message.path or "", body=message.body)
        return await find(self._driver, message).run(call)
