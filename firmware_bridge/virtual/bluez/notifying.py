"""Notifications and indications: StartNotify, StopNotify and AcquireNotify of GattCharacteristic1."""

from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from bumble.gatt import Characteristic

from firmware_bridge.errors import BusError
from firmware_bridge.virtual.bluez import variants
from firmware_bridge.virtual.bluez.bus_client import BusClient
from firmware_bridge.virtual.bluez.calls import NOTHING, Answer, Call, Method, Methods
from firmware_bridge.virtual.bluez.gatt_table import NOTIFYING, GattObject
from firmware_bridge.virtual.bluez.live_link import LiveLink
from firmware_bridge.virtual.bluez.names import GATT_CHARACTERISTIC
from firmware_bridge.virtual.bluez.pipes import NotifyPipe
from firmware_bridge.virtual.bluez.refusals import (
    ALREADY_NOTIFYING,
    ATT_NOT_CONNECTED,
    NO_NOTIFYING,
    NOT_SUPPORTED,
    NOTIFY_ACQUIRED,
)
from firmware_bridge.virtual.bluez.remotes import Remotes
from firmware_bridge.virtual.bluez.stack import Stack

_OFF: Final = bytes(2)
_NOTIFY: Final = b"\x01\x00"
_INDICATE: Final = b"\x02\x00"
"""What is written to a client characteristic configuration descriptor."""


@dataclass(slots=True, eq=False, kw_only=True)
class Session:
    """Who wants the values of one characteristic over one link: clients by signal, or one by its pipe."""

    path: str
    link: LiveLink
    attribute: GattObject
    clients: set[BusClient] = field(default_factory=set[BusClient])
    pipe: NotifyPipe | None = None


class Notifying:
    """The sessions of all characteristics; the peer is told when the first begins and when the last ends."""

    def __init__(self, stack: Stack, remotes: Remotes) -> None:
        self._stack, self._remotes = stack, remotes
        self._sessions: dict[str, Session] = {}

    def methods(self) -> Methods:
        """The table of GattCharacteristic1, notifying only."""
        return {
            (GATT_CHARACTERISTIC, "StartNotify"): Method(takes="", run=self._start),
            (GATT_CHARACTERISTIC, "StopNotify"): Method(takes="", run=self._stop),
            (GATT_CHARACTERISTIC, "AcquireNotify"): Method(takes="a{sv}", run=self._acquire),
        }

    def gone(self, client: BusClient) -> None:
        """End the sessions of a client that left; pipes notice it by themselves."""
        for session in tuple(self._sessions.values()):
            if client in session.clients:
                self._stack.tasks.start(self._leave(session, client))

    async def _start(self, call: Call) -> Answer:
        session = self._sessions.get(call.path)
        if session is not None and session.pipe is not None:
            raise BusError(*NOTIFY_ACQUIRED)
        if session is not None and call.caller in session.clients:
            raise BusError(*ALREADY_NOTIFYING)
        if session is None:
            session = await self._open(call.path)
            self._show(session, "Notifying", on=True)
        session.clients.add(call.caller)
        return NOTHING

    async def _stop(self, call: Call) -> Answer:
        session = self._sessions.get(call.path)
        if session is None or call.caller not in session.clients:
            raise BusError(*NO_NOTIFYING)
        await self._leave(session, call.caller)
        return NOTHING

    async def _acquire(self, call: Call) -> Answer:
        if not call.caller.passes_fds:
            raise BusError(*NOT_SUPPORTED)
        if call.path in self._sessions:
            raise BusError(*NOTIFY_ACQUIRED)
        session = await self._open(call.path)
        session.pipe = NotifyPipe(on_closed=lambda: self._stack.tasks.start(self._close(session)))
        self._show(session, "NotifyAcquired", on=True)
        return Answer(signature="hq", body=(0, session.link.mtu), fds=(session.pipe.client_fd,))

    async def _open(self, path: str) -> Session:
        """Subscribe first, so that nothing the peer sends at once is missed. Raises BusError."""
        link, attribute = self._remotes.attribute(path)
        if not attribute.flags & NOTIFYING:
            raise BusError(*NOT_SUPPORTED)
        session = self._sessions[path] = Session(path=path, link=link, attribute=attribute)
        notifies = bool(attribute.flags & Characteristic.Properties.NOTIFY)  # preferred where there is both
        link.listen(attribute.handle, partial(self._pass_on, session), to_indications=not notifies)
        link.connection.on(link.connection.EVENT_DISCONNECTION, partial(self._lost, session))
        try:
            await self._switch(session, _NOTIFY if notifies else _INDICATE)
        except BusError:
            self._drop(session)
            raise
        if self._sessions.get(path) is not session:
            raise BusError(*ATT_NOT_CONNECTED)
        return session

    async def _leave(self, session: Session, client: BusClient) -> None:
        session.clients.discard(client)
        if not session.clients:
            await self._close(session)

    async def _close(self, session: Session) -> None:
        if self._sessions.get(session.path) is session:
            self._drop(session)
            with suppress(BusError):
                await self._switch(session, _OFF)

    async def _switch(self, session: Session, cccd: bytes) -> None:
        await session.link.write(session.attribute.cccd, cccd, with_response=True)

    def _drop(self, session: Session) -> None:
        if self._sessions.pop(session.path, None) is None:
            return
        session.link.ignore(session.attribute.handle)
        self._show(session, "Notifying", on=False)
        self._show(session, "NotifyAcquired", on=False)
        if session.pipe is not None:
            session.pipe.close()

    def _lost(self, session: Session, _: int) -> None:
        if self._sessions.get(session.path) is session:
            self._drop(session)

    def _pass_on(self, session: Session, value: bytes) -> None:
        for _ in range(2 if self._stack.faults.doubled_notifications else 1):
            if session.pipe is not None:
                session.pipe.send(value)
            else:
                self._stack.objects.change(session.path, GATT_CHARACTERISTIC, {"Value": variants.octets(value)})

    def _show(self, session: Session, name: str, *, on: bool) -> None:
        self._stack.objects.change(session.path, GATT_CHARACTERISTIC, {name: variants.flag(on=on)})
