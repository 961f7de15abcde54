"""Links to peers: `Connect` and `Disconnect` of Device1, and what clients see of a link that comes or goes."""

import asyncio
from contextlib import suppress
from functools import partial
from typing import Final

from bumble.core import BaseBumbleError
from bumble.gatt import GATT_GENERIC_ACCESS_SERVICE

from firmware_bridge.errors import BusError
from firmware_bridge.virtual.bluez import variants
from firmware_bridge.virtual.bluez.calls import NOTHING, Answer, Call, Method, Methods
from firmware_bridge.virtual.bluez.dialler import Dialler
from firmware_bridge.virtual.bluez.gatt_table import Table, table_of
from firmware_bridge.virtual.bluez.live_link import LiveLink
from firmware_bridge.virtual.bluez.names import DEVICE, GATT_SERVICE
from firmware_bridge.virtual.bluez.refusals import IN_PROGRESS, LE_CANCELED, LE_UNKNOWN, NOT_CONNECTED
from firmware_bridge.virtual.bluez.remotes import Remote, Remotes
from firmware_bridge.virtual.bluez.stack import Stack

_MTU: Final = 517
_KEPT_BY_BLUEZ: Final = GATT_GENERIC_ACCESS_SERVICE


class Links:
    """Brings links up, shows them, and finds out what the peer has."""

    def __init__(self, stack: Stack, remotes: Remotes, dialler: Dialler) -> None:
        self._stack, self._remotes, self._dialler = stack, remotes, dialler

    def methods(self) -> Methods:
        """The table of Device1 without pairing."""
        return {
            (DEVICE, "Connect"): Method(takes="", run=self._connect),
            (DEVICE, "Disconnect"): Method(takes="", run=self._disconnect),
        }

    async def bring_up(self, remote: Remote) -> LiveLink:
        """The link to a peer, encrypted if there is a bond that the peer remembers too. Raises BusError."""
        if remote.link is not None:
            return remote.link
        if remote.dialling is not None:
            raise BusError(*IN_PROGRESS)
        self._stack.need_power()
        remote.is_temporary = False
        remote.dialling = self._stack.tasks.attempt(self._dialler.dial(remote.address))
        try:
            link = await remote.dialling
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            raise BusError(*LE_CANCELED) from None
        finally:
            remote.dialling = None
        if not link.is_up:
            raise BusError(*LE_UNKNOWN)
        self._adopt(remote, link)
        if self._stack.is_bonded(remote.address):
            with suppress(BaseBumbleError):
                await link.ask(link.connection.encrypt())
        return link

    async def resolve(self, remote: Remote, link: LiveLink) -> None:
        """Find the peer's GATT table, show it, and say so."""
        faults = self._stack.faults
        with suppress(BusError):
            await link.agree_on_mtu(_MTU)
            table = remote.table
            if not (faults.stale_gatt and table):
                table = table_of(remote.path, await link.discover(skipped=_KEPT_BY_BLUEZ), link.mtu)
            if remote.link is link and not faults.never_resolves:
                self._show(remote, table)

    async def hang_up(self, remote: Remote) -> None:
        """End the link to a peer, or the attempt at one."""
        if remote.dialling is not None:
            remote.dialling.cancel()
        elif remote.link is not None:
            await remote.link.hang_up()

    async def _connect(self, call: Call) -> Answer:
        remote = self._remotes.at(call.path)
        if not self._says_connected(remote):
            link = await self.bring_up(remote)
            self._stack.tasks.start(self.resolve(remote, link))
        return NOTHING

    async def _disconnect(self, call: Call) -> Answer:
        remote = self._remotes.at(call.path)
        if remote.dialling is None and not self._says_connected(remote):
            raise BusError(*NOT_CONNECTED)
        await self.hang_up(remote)
        if remote.link is None and self._says_connected(remote):
            self._show_lost(remote)
        return NOTHING

    def _says_connected(self, remote: Remote) -> bool:
        return bool(self._stack.objects.value(remote.path, DEVICE, "Connected"))

    def _adopt(self, remote: Remote, link: LiveLink) -> None:
        remote.link = link
        link.connection.on(link.connection.EVENT_DISCONNECTION, partial(self._lost, remote, link))
        self._stack.objects.change(remote.path, DEVICE, {"Connected": variants.YES})

    def _lost(self, remote: Remote, link: LiveLink, _: int) -> None:
        if remote.link is link:
            remote.link = None
            if not self._stack.faults.phantom_connected:
                self._show_lost(remote)

    def _show_lost(self, remote: Remote) -> None:
        self._stack.objects.change(remote.path, DEVICE, {"ServicesResolved": variants.NO})
        self._stack.objects.change(remote.path, DEVICE, {"Connected": variants.NO})

    def _show(self, remote: Remote, table: Table) -> None:
        """Show a table; objects that are as they were stay, as in BlueZ they do over a disconnection."""
        objects = self._stack.objects
        for path, known in remote.table.items():
            if table.get(path) != known:
                objects.remove(path)
        for path, found in table.items():
            if path not in objects:
                objects.add(path, {found.interface: found.properties})
        remote.table = table
        uuids = [found.properties["UUID"].value for found in table.values() if found.interface == GATT_SERVICE]
        objects.change(remote.path, DEVICE, {"UUIDs": variants.texts(uuids), "ServicesResolved": variants.YES})
