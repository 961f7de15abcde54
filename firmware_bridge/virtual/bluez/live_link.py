"""A link to a peer for as long as it lives: every request over it ends in an answer or a BusError."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from bumble import core
from bumble.att import ATT_Error
from bumble.core import UUID
from bumble.device import Connection
from bumble.gatt_client import ServiceProxy

from firmware_bridge.errors import BusError
from firmware_bridge.virtual.bluez import refusals

_T = TypeVar("_T")


class LiveLink:
    """One link, and the attribute protocol over it; attributes are named by their handles."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._client: Any = connection.gatt_client  # Bumble types its methods in part

    @property
    def is_up(self) -> bool:
        """Whether the host still has this link."""
        return self.connection.device.connections.get(self.connection.handle) is self.connection

    @property
    def mtu(self) -> int:
        """The largest attribute PDU, in bytes."""
        return self.connection.att_mtu

    async def ask(self, request: Coroutine[Any, Any, _T]) -> _T:
        """What the peer answers. Raises BusError: its refusal, its silence, or that the link was lost."""
        try:
            return await self.connection.cancel_on_disconnection(request)
        except ATT_Error as error:
            raise refusals.of_att(error.error_code) from error
        except core.TimeoutError as error:
            raise BusError(*refusals.ATT_TIMED_OUT) from error
        except asyncio.CancelledError:
            # Bumble cancels what waits on a lost link; that is not the cancellation of who asked.
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            raise BusError(*refusals.ATT_NOT_CONNECTED) from None

    async def hang_up(self) -> None:
        """End the link, if it has not ended already."""
        with suppress(core.BaseBumbleError):
            await self.connection.disconnect()

    async def agree_on_mtu(self, mtu: int) -> None:
        """Offer an MTU; the peer's, if smaller, holds."""
        await self.ask(self._client.request_mtu(mtu))

    async def read(self, handle: int) -> bytes:
        """Read a value, however long."""
        value: bytes = await self.ask(self._client.read_value(handle))
        return value

    async def write(self, handle: int, value: bytes, *, with_response: bool) -> None:
        """Write a value; a long one needs `with_response`."""
        await self.ask(self._client.write_value(handle, value, with_response))

    async def discover(self, skipped: UUID) -> Sequence[ServiceProxy]:
        """All that the peer has, each with its characteristics and their descriptors, but for one GATT service."""
        found: list[ServiceProxy] = await self.ask(self._client.discover_services())
        kept = [service for service in found if service.uuid != skipped]
        for service in kept:
            await self.ask(self._client.discover_characteristics((), service))
            for characteristic in service.characteristics:
                await self.ask(self._client.discover_descriptors(characteristic))
        return kept

    def listen(self, handle: int, listener: Callable[[bytes], None], *, to_indications: bool) -> None:
        """Give the values of one attribute to a listener; the peer is told apart from this.

        (Bumble's own `subscribe` keeps a listener even when the peer refuses.)
        """
        self._listeners(to_indications=to_indications)[handle] = {listener}

    def ignore(self, handle: int) -> None:
        """End `listen`."""
        for to_indications in (False, True):
            self._listeners(to_indications=to_indications).pop(handle, None)

    def _listeners(self, *, to_indications: bool) -> dict[int, set[Callable[[bytes], None]]]:
        by_handle: dict[int, set[Callable[[bytes], None]]] = (
            self._client.indication_subscribers if to_indications else self._client.notification_subscribers
        )
        return by_handle
