"""A panel on the air: one service, no pairing, no device information, no battery; its name is all that it offers."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from bumble import data_types
from bumble.core import UUID, AdvertisingData
from bumble.device import Connection, Device
from bumble.gatt import Service

from firmware_bridge.virtual.attributes import Access, Properties, characteristic
from firmware_bridge.virtual.blockbluelight.life import PanelLife
from firmware_bridge.virtual.blockbluelight.words import requests
from firmware_bridge.virtual.journal import LinkEvent
from firmware_bridge.virtual.links import Link
from firmware_bridge.virtual.radio import Room

_FLAGS: Final = AdvertisingData.Flags.LE_GENERAL_DISCOVERABLE_MODE | AdvertisingData.Flags.BR_EDR_NOT_SUPPORTED
_NOTIFYING: Final = 0x01


class PanelAir:
    """A panel's place in the air of a room; `catch_up` lets the panel live up to now, before and after each request."""

    def __init__(self, room: Room, host: Device, life: PanelLife, catch_up: Callable[[], None]) -> None:
        self._room, self._host, self._life, self._catch_up = room, host, life, catch_up
        self._links: dict[Connection, tuple[Link, asyncio.Queue[bytes]]] = {}
        self._replies = characteristic(host, "FFF1", Access(pushed=Properties.NOTIFY, encrypted=False))
        requested = characteristic(host, "FFF2", Access(write=self._on_request, encrypted=False))
        requested.properties |= Properties.WRITE_WITHOUT_RESPONSE
        host.add_services([Service(UUID("FFF0"), [self._replies, requested])])
        host.on(host.EVENT_CONNECTION, self._on_connection)

    async def start(self, *, audible: bool) -> None:
        """Switch the radio on, heard by others or not yet."""
        offer = [data_types.Flags(_FLAGS), data_types.CompleteLocalName(self._life.definition.name)]
        self._host.advertising_data = bytes(AdvertisingData(offer))
        await self._host.power_on()
        await self._host.start_advertising(auto_restart=True)
        self._room.set_in_range(self._host, in_range=audible)

    async def stop(self) -> None:
        """Switch the radio off."""
        for link, _ in self._links.values():
            link.close()
        await self._host.power_off()

    def is_followed(self) -> bool:
        """Whether somebody listens to replies."""
        server: Any = self._host.gatt_server  # Bumble leaves the type of a characteristic's value open
        return any(server.read_cccd(connection, self._replies)[0] & _NOTIFYING for connection in self._links)

    def appear(self) -> None:
        """Be heard."""
        self._room.set_in_range(self._host, in_range=True)

    def vanish(self) -> None:
        """Be heard no more."""
        self._room.set_in_range(self._host, in_range=False)

    def _on_request(self, connection: Connection, written: bytes) -> None:
        _, replies = self._links[connection]
        for request in requests(written):
            self._catch_up()
            replies.put_nowait(self._life.panel.answer(request))
        self._catch_up()

    def _on_connection(self, connection: Connection) -> None:
        link, replies = Link(connection), asyncio.Queue[bytes]()
        self._links[connection] = link, replies
        connection.on(connection.EVENT_DISCONNECTION, partial(self._on_disconnection, connection))
        link.start(self._speak(connection, replies))
        self._life.note(LinkEvent.CONNECTED)

    def _on_disconnection(self, connection: Connection, _: int) -> None:
        link, _replies = self._links.pop(connection)
        link.close()
        self._life.note(LinkEvent.DISCONNECTED)

    async def _speak(self, connection: Connection, replies: asyncio.Queue[bytes]) -> None:
        """Let replies go in their order; those that are ready together go together."""
        habits = self._life.habits
        while True:
            ready = await replies.get()
            await asyncio.sleep(habits.latency().total_seconds())
            ready += b"".join(replies.get_nowait() for _ in range(replies.qsize()))
            for notification in habits.notifications(ready):
                await self._host.notify_subscriber(connection, self._replies, notification)
