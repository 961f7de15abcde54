"""The radio: whoever is heard gets an attendant, who connects, talks, and comes back after every loss."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Final

from device_drivers.errors import DriverError
from gateway.ble.air import Air, Heard
from gateway.ble.link import Link, open_link
from gateway.ble.speech import Speech
from gateway.errors import LinkError, LinkLost, LinkRefused, RadioUnavailable
from gateway.sessions.book import SessionBook
from vocabulary.clock import Clock
from vocabulary.errors import IdentityError
from vocabulary.identity import DeviceUid
from vocabulary.wire.batches import LinkStatus

SETTLE_S: Final = 0.2
"""Between the loss of a link and the next attempt; a device must have been heard again meanwhile."""

REFUSED_S: Final = 15.0
"""After a device refused, for example because its pairing window is closed, or said what no driver reads."""

NO_RADIO_S: Final = 2.0
"""Between two looks for an adapter."""

HEARTBEAT_S: Final = 30.0
"""How often the service is told how the links are."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Contact:
    """A device that was met: how it was heard then, and the link to it if there is one."""

    heard: Heard
    link: Link | None


class Radio:
    """All devices of a home over BLE.

    One attendant an address, so no device is ever connected to twice at the same time. `speeches` has one for each
    family of `device_drivers.families`, by its name.
    """

    def __init__(self, book: SessionBook, speeches: Mapping[str, Speech], clock: Clock, adapter: str | None) -> None:
        self._book, self._speeches, self._clock, self._adapter = book, speeches, clock, adapter
        self._contacts: dict[DeviceUid, _Contact] = {}

    async def run(self) -> None:
        """Attend to whoever is heard until cancelled; waits for an adapter while there is none."""
        while True:
            try:
                async with Air(self._adapter, self._clock) as air:
                    _log.info("listening")
                    await self._listen(air)
            except RadioUnavailable as failure:
                _log.error("%s", failure)
                await asyncio.sleep(NO_RADIO_S)

    async def _listen(self, air: Air) -> None:
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(air.watch())
                tasks.create_task(self._heartbeat(air))
                while True:
                    address = await air.newcomers.get()
                    tasks.create_task(self._attend(air, address), name=f"attend {address}")
        except* RadioUnavailable as failures:
            raise failures.exceptions[0] from None

    async def _attend(self, air: Air, address: str) -> None:
        """Talk whenever the device is heard, until it is away."""
        after, said = 0.0, ""
        while True:
            try:
                heard = await air.wait_for(address, after)
            except LinkLost as silence:
                _log.info("%s", silence)
                return
            refusal = await self._try(air, heard)
            if refusal not in {"", said}:
                _log.warning("%s", refusal)
            await asyncio.sleep(REFUSED_S if refusal else SETTLE_S)
            after, said = monotonic(), refusal

    async def _try(self, air: Air, heard: Heard) -> str:
        """Talk, and give why that had to end; nothing when it may go on at once."""
        try:
            await self._talk(air, heard)
        except LinkRefused as refusal:
            return str(refusal)
        except (DriverError, IdentityError) as refusal:
            return f"{heard.device.address}: {refusal}"
        except LinkError as failure:
            _log.info("%s", failure)
        except Exception:  # noqa: BLE001 - whatever one device brings about must not take the others down
            _log.exception("%s: a fault of ours; the other devices of the home go on", heard.device.address)
        return ""

    async def _talk(self, air: Air, heard: Heard) -> None:
        speech = self._speeches[heard.family.name]
        async with open_link(heard.device, self._clock) as link:
            description = await speech.introduce(link)
            await self._book.meet(description)
            await self._tell(air, {description.device: _Contact(heard, link)})
            try:
                await speech.converse(link, description)
            finally:
                await self._tell(air, {description.device: _Contact(heard, None)})

    async def _heartbeat(self, air: Air) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_S)
            await self._tell(air, self._contacts)

    async def _tell(self, air: Air, contacts: Mapping[DeviceUid, _Contact]) -> None:
        self._contacts |= contacts
        await self._book.links([_status(air, device, contact) for device, contact in contacts.items()])


def _status(air: Air, device: DeviceUid, contact: _Contact) -> LinkStatus:
    """How the link to a device is, and its last sign: that of its contact when the air has forgotten it."""
    heard = air.heard.get(contact.heard.device.address, contact.heard)
    return LinkStatus(
        device=device,
        connected=contact.link is not None,
        heard_at=contact.link.heard_at if contact.link else heard.at,
        rssi_dbm=heard.rssi_dbm,
    )
