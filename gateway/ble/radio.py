"""The radio: whoever is heard gets an attendant, who connects, talks, and comes back after every loss."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Final

from device_drivers.errors import DriverError
from gateway.addresses import shortened
from gateway.ble.air import SILENCE_S, Air, Heard
from gateway.ble.attributes import Attributes
from gateway.ble.link import Link, Opening, open_link
from gateway.ble.slots import Slots, Turn
from gateway.ble.speech import Speech
from gateway.errors import LinkError, LinkLost, LinkRefused, LinkStale, RadioUnavailable
from gateway.refrain import Refrain
from gateway.sessions.book import HEARTBEAT_S, SessionBook
from vocabulary.clock import Clock
from vocabulary.devices import DeviceDescription
from vocabulary.errors import IdentityError
from vocabulary.identity import DeviceUid
from vocabulary.wire.batches import LinkStatus

SETTLE_S: Final = 0.2
"""Between the loss of a link and the next attempt; a device must have been heard again meanwhile."""

REFUSED_S: Final = 15.0
"""After a device refused, for example because its pairing window is closed, or said what no driver reads."""

FRESH_S: Final = 60.0
"""A device that has not been heard for so long when its turn comes is not called."""

NO_RADIO_S: Final = 2.0
"""Between two looks for an adapter."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Contact:
    """A device that was met: how it was heard then, and the link to it if there is one."""

    heard: Heard
    link: Link | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a radio is held to.

    `slots`: links it holds at once. `turn_s`: how long a turn lasts where there are more devices. `connect_s`: how long
    connecting may take, with all the retries of bleak-retry-connector. `silence_s`: as for `Air`.
    """

    slots: int = 5
    turn_s: float = 15.0
    connect_s: float = 60.0
    silence_s: float = SILENCE_S


class Radio:
    """All devices of a home over BLE.

    One attendant an address, so no device is ever connected to twice at the same time. `speeches` has one for each
    family of `device_drivers.families`, by its name. `adapter`: the one to use; None for the system's first.
    """

    def __init__(
        self,
        book: SessionBook,
        speeches: Mapping[str, Speech],
        clock: Clock,
        adapter: str | None,
        *,
        limits: Limits = Limits(),
    ) -> None:
        self._book, self._speeches, self._clock, self._adapter, self._limits = book, speeches, clock, adapter, limits
        self._slots, self._attributes = Slots(limits.slots, limits.turn_s), Attributes()
        self._contacts: dict[DeviceUid, _Contact] = {}
        self._absent = Refrain()

    async def run(self) -> None:
        """Attend to whoever is heard until cancelled; waits for an adapter while there is none."""
        while True:
            try:
                async with Air(self._adapter, self._clock, silence_s=self._limits.silence_s) as air:
                    _log.info("listening")
                    self._absent.end()
                    await self._listen(air)
            except RadioUnavailable as failure:
                if self._absent.is_due(str(failure)):
                    _log.error("%s", failure)
                await asyncio.sleep(NO_RADIO_S)

    async def _listen(self, air: Air) -> None:
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(air.watch())
                tasks.create_task(self._heartbeat(air))
                while True:
                    address = await air.newcomers.get()
                    tasks.create_task(self._attend(air, address), name=f"attend {shortened(address)}")
        except* RadioUnavailable as failures:
            raise failures.exceptions[0] from None

    async def _attend(self, air: Air, address: str) -> None:
        """Talk whenever the device is heard and has its turn, until it is away."""
        after, said = 0.0, ""
        while True:
            try:
                await air.wait_for(address, after)
            except LinkLost as silence:
                _log.info("%s", silence)
                return
            async with self._slots.turn() as turn:
                refusal = await self._try(air, address, turn)
            if refusal not in {"", said}:
                _log.warning("%s", refusal)
            await asyncio.sleep(REFUSED_S if refusal else SETTLE_S)
            after, said = monotonic(), refusal

    async def _try(self, air: Air, address: str, turn: Turn) -> str:
        """Talk, and give why that had to end; nothing when it may go on at once."""
        heard = air.heard.get(address)
        if heard is None or monotonic() - heard.monotonic_s > FRESH_S:
            return ""
        try:
            await self._talk(air, heard, turn)
        except LinkRefused as refusal:
            return str(refusal)
        except DriverError as refusal:
            return shortened(f"{address}: {refusal}")
        except LinkError as failure:
            _log.info("%s", failure)
        except Exception:  # noqa: BLE001 - whatever one device brings about must not take the others down
            _log.exception("%s: a fault of ours; the other devices of the home go on", shortened(address))
        return ""

    async def _talk(self, air: Air, heard: Heard, turn: Turn) -> None:
        speech, trusting = self._speeches[heard.family.name], self._attributes.are_trusted(heard.device.address)
        opening = Opening(trusting=trusting, limit_s=self._limits.connect_s, turn=turn)
        async with open_link(heard.device, self._clock, opening) as link, self._attributes.tried(link):
            description = await _introduce(speech, link)
            await self._book.meet(description)
            await self._tell(air, {description.device: _Contact(heard, link)})
            giving_up = asyncio.create_task(_give_up(link, turn))
            try:
                await speech.converse(link, description)
            finally:
                giving_up.cancel()
                await self._tell(air, {description.device: _Contact(heard, None)})

    async def _heartbeat(self, air: Air) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_S)
            await self._tell(air, self._contacts)

    async def _tell(self, air: Air, contacts: Mapping[DeviceUid, _Contact]) -> None:
        self._contacts |= contacts
        await self._book.links([_status(air, device, contact) for device, contact in contacts.items()])


async def _introduce(speech: Speech, link: Link) -> DeviceDescription:
    """Who and what is at the other end; an answer that makes no sense may be that of another attribute."""
    try:
        return await speech.introduce(link)
    except (LinkRefused, DriverError, IdentityError) as refusal:
        problem = refusal.problem if isinstance(refusal, LinkRefused) else str(refusal)
        raise LinkStale(link.address, "introducing", problem) from refusal


async def _give_up(link: Link, turn: Turn) -> None:
    """End the link when it is another device's turn."""
    await turn.over.wait()
    _log.info("%s: rests, and others wait", shortened(link.address))
    await link.close()


def _status(air: Air, device: DeviceUid, contact: _Contact) -> LinkStatus:
    """How the link to a device is, and its last sign: that of its contact when the air has forgotten it."""
    heard = air.heard.get(contact.heard.device.address, contact.heard)
    return LinkStatus(
        device=device,
        connected=contact.link is not None,
        heard_at=contact.link.heard_at if contact.link else heard.at,
        rssi_dbm=heard.rssi_dbm,
    )
