"""A room: the radio space that its controllers share."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from bumble import hci, ll
from bumble.controller import AdvertisingSet, Controller
from bumble.core import PhysicalTransport
from bumble.device import Device
from bumble.link import LocalLink

from firmware_bridge.errors import RoomError
from firmware_bridge.virtual.air import RoomSettings
from firmware_bridge.virtual.radio.link import Link, Pace

_RSSI_SPREAD_DB: Final = 2.0
_RSSI_DBM: Final = range(-120, 21)


@dataclass(kw_only=True)
class Heard(ll.AdvExtInd):
    """An advertisement as one receiver hears it: with the scan response, what it offers and how strong it is."""

    scan_response: bytes
    offers: int
    rssi_dbm: int


class Room(LocalLink):
    """One radio space: who hears whom, how well, and over which links.

    It keeps what Bumble's `LocalLink` does not: range, signal strength, the pace and the loss of links. A packet finds
    its link by the pair of addresses, whatever the number of hosts. Distances are between a host and all others.
    """

    def __init__(self, settings: RoomSettings, random: Random) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Bumble leaves its constructors unannotated
        self.settings, self.random = settings, random
        self._pace = Pace(
            connection_interval=settings.connection_interval,
            packets_per_event=settings.packets_per_event,
            supervision_timeout=settings.supervision_timeout,
        )
        self._links: dict[tuple[hci.Address, hci.Address], Link] = {}
        self._absent: set[Controller] = set()
        self._rssi_dbm: dict[Controller, int] = {}

    def set_in_range(self, host: Device, *, in_range: bool) -> None:
        """Take a host out of everybody's range, or bring it back: no goodbye is sent.

        A link survives if the host is back within the supervision timeout; else both ends see 0x08.
        """
        controller = self._controller_of(host)
        (self._absent.discard if in_range else self._absent.add)(controller)
        self.review(controller)

    def set_rssi(self, host: Device, dbm: int) -> None:
        """How strong the advertisements of a host are heard, on average."""
        self._rssi_dbm[self._controller_of(host)] = dbm

    def review(self, controller: Controller) -> None:
        """Supervise the links of a controller anew: it moved, or forgot them in a reset."""
        for link in set(self._links.values()):
            if link.joins(controller):
                link.review()

    def send_acl_data(
        self,
        sender_controller: Controller,
        destination_address: hci.Address,
        transport: PhysicalTransport,
        data: bytes,
    ) -> None:
        """Put an L2CAP PDU on the link to a peer (called by the controller)."""
        del transport
        connection = sender_controller.le_connections.get(destination_address)
        if connection is not None:
            self._links[connection.self_address, destination_address].send(connection, data)

    def send_ll_control_pdu(
        self, sender_address: hci.Address, receiver_address: hci.Address, packet: ll.ControlPdu
    ) -> None:
        """Put a control packet on the link to a peer (called by the controller)."""
        self._links[sender_address, receiver_address].order(sender_address, packet)

    def send_advertising_pdu(self, sender_controller: Controller, packet: ll.AdvertisingPdu) -> None:
        """Let everybody in range hear an advertisement, or its sender a ConnectInd (called by the controller)."""
        if isinstance(packet, ll.ConnectInd):
            self._connect(sender_controller, packet)
        elif isinstance(packet, ll.AdvExtInd) and self._is_present(sender_controller):
            self._advertise(sender_controller, packet)

    def _is_present(self, controller: Controller) -> bool:
        return controller not in self._absent

    def _controller_of(self, host: Device) -> Controller:
        controller = host.host.controller
        if not isinstance(controller, Controller) or controller not in self.controllers:
            raise RoomError(host.name)
        return controller

    def _connect(self, central: Controller, packet: ll.ConnectInd) -> None:
        here, there = packet.initiator_address, packet.advertiser_address
        link = Link(self._pace, central.le_connections[there], self._is_present)
        self._links[here, there] = self._links[there, here] = link
        for peripheral in self.controllers:
            if any(offer.enabled and offer.address == there for offer in peripheral.advertising_sets.values()):
                asyncio.get_running_loop().call_soon(self._answer, link, peripheral, packet)

    def _answer(self, link: Link, peripheral: Controller, packet: ll.ConnectInd) -> None:
        if not self._is_present(peripheral):
            return
        before = peripheral.le_connections.get(packet.initiator_address)
        peripheral.on_ll_advertising_pdu(packet)
        connection = peripheral.le_connections.get(packet.initiator_address)
        if connection is not None and connection is not before:
            link.answer(connection)

    def _advertise(self, sender: Controller, packet: ll.AdvExtInd) -> None:
        offer = _advertising_set(sender, packet.advertiser_address)
        for controller in self._listeners(sender):
            if self.random.random() >= self.settings.advertisement_loss:
                heard = self._heard(sender, packet, offer)
                asyncio.get_running_loop().call_soon(controller.on_ll_advertising_pdu, heard)

    def _listeners(self, sender: Controller) -> Iterator[Controller]:
        for controller in self.controllers - self._absent - {sender}:
            if controller.le_scan_enable or controller.pending_le_connection:
                yield controller

    def _heard(self, sender: Controller, packet: ll.AdvExtInd, offer: AdvertisingSet) -> Heard:
        average = self._rssi_dbm.get(sender, self.settings.rssi_dbm)
        rssi_dbm = round(self.random.gauss(average, _RSSI_SPREAD_DB))
        return Heard(
            advertiser_address=packet.advertiser_address,
            data=packet.data,
            scan_response=bytes(offer.scan_response_data),
            offers=_offers(offer),
            rssi_dbm=max(_RSSI_DBM[0], min(_RSSI_DBM[-1], rssi_dbm)),
        )


def _advertising_set(controller: Controller, address: hci.Address) -> AdvertisingSet:
    return next(offer for offer in controller.advertising_sets.values() if offer.address == address)


def _offers(offer: AdvertisingSet) -> int:
    # Bumble's decorator hides what kind of HCI command this is.
    parameters: Any = offer.parameters  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    return int(parameters.advertising_event_properties)
