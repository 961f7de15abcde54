"""Pairing: `Pair` of Device1."""

from bumble.core import BaseError

from firmware_bridge.errors import BusError
from firmware_bridge.virtual.bluez import variants
from firmware_bridge.virtual.bluez.calls import NOTHING, Answer, Call, Method, Methods
from firmware_bridge.virtual.bluez.links import Links
from firmware_bridge.virtual.bluez.live_link import LiveLink
from firmware_bridge.virtual.bluez.names import DEVICE
from firmware_bridge.virtual.bluez.refusals import (
    ALREADY_EXISTS,
    AUTHENTICATION_CANCELED,
    AUTHENTICATION_FAILED,
    IN_PROGRESS,
)
from firmware_bridge.virtual.bluez.remotes import Remotes
from firmware_bridge.virtual.bluez.stack import Stack


class Pairing:
    """Pairs over a link, and brings it up for that if need be."""

    def __init__(self, stack: Stack, remotes: Remotes, links: Links) -> None:
        self._stack, self._remotes, self._links = stack, remotes, links
        self._under_way: set[LiveLink] = set()

    def methods(self) -> Methods:
        """The table of Device1, pairing only."""
        return {(DEVICE, "Pair"): Method(takes="", run=self._pair)}

    async def _pair(self, call: Call) -> Answer:
        remote = self._remotes.at(call.path)
        if self._stack.is_bonded(remote.address):
            raise BusError(*ALREADY_EXISTS)
        was_up = remote.link is not None
        link = await self._links.bring_up(remote)
        if link in self._under_way:
            raise BusError(*IN_PROGRESS)
        await self._bond(link)
        self._stack.objects.change(remote.path, DEVICE, {"Paired": variants.YES, "Bonded": variants.YES})
        if not was_up:
            self._stack.tasks.start(self._links.resolve(remote, link))
        return NOTHING

    async def _bond(self, link: LiveLink) -> None:
        self._under_way.add(link)
        try:
            await link.ask(link.connection.pair())
        except BusError:
            raise BusError(*AUTHENTICATION_CANCELED) from None
        except BaseError:
            raise BusError(*AUTHENTICATION_FAILED) from None
        finally:
            self._under_way.discard(link)
