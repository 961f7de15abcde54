"""A Bluetooth controller: Bumble's virtual one with what it leaves out put right."""

import asyncio
from collections.abc import Iterator

from bumble import hci, ll
from bumble.controller import Connection, Controller

from firmware_bridge.virtual.radio.link import PACKET_BYTES
from firmware_bridge.virtual.radio.room import Heard, Room

_Report = hci.HCI_LE_Extended_Advertising_Report_Event.Report
_EventType = hci.HCI_LE_Extended_Advertising_Report_Event.EventType
_OFFERS = (
    _EventType.CONNECTABLE_ADVERTISING
    | _EventType.SCANNABLE_ADVERTISING
    | _EventType.DIRECTED_ADVERTISING
    | _EventType.LEGACY_ADVERTISING_PDU_USED
)


class RadioController(Controller):
    """The controller of a host in a room; each override says what the stock one does instead.

    `max_links` is how many links it can hold as a central, None for no limit; real dongles hold 5 to 10.
    """

    le_acl_data_packet_length = PACKET_BYTES
    supported_max_tx_octets = PACKET_BYTES
    supported_max_rx_octets = PACKET_BYTES

    def __init__(self, name: str, room: Room, max_links: int | None) -> None:
        super().__init__(name, link=room)  # pyright: ignore[reportUnknownMemberType]  # Bumble annotates it in part
        self._room, self._max_links = room, max_links

    def on_hci_reset_command(self, _command: object) -> hci.HCI_StatusReturnParameters:
        """Forget all links, scans and advertisements (stock: keeps them)."""
        self.pending_le_connection = None
        self.le_scan_enable = False
        for offer in self.advertising_sets.values():
            offer.stop()
        self.advertising_sets.clear()
        self.le_connections.clear()
        self._room.review(self)
        return hci.HCI_StatusReturnParameters(hci.HCI_ErrorCode.SUCCESS)

    def on_hci_acl_data_packet(self, packet: hci.HCI_AclDataPacket) -> None:
        """Keep the buffer until its link has sent the packet (stock: gives it back at once)."""
        connection = self.find_le_connection_by_handle(packet.connection_handle)
        if connection is not None:
            connection.assembler.feed_packet(packet)

    def on_hci_le_create_connection_command(self, command: hci.HCI_LE_Create_Connection_Command) -> None:
        """Refuse a link beyond the limit (stock: has none)."""
        if self._max_links is not None and len(self.le_connections) >= self._max_links:
            self._send_hci_command_status(hci.HCI_ErrorCode.CONNECTION_LIMIT_EXCEEDED_ERROR, command.op_code)
            return
        super().on_hci_le_create_connection_command(command)

    def on_hci_le_create_connection_cancel_command(self, _command: object) -> hci.HCI_StatusReturnParameters:
        """Cancel, and tell the host so (stock: does nothing, and refuses every later connection)."""
        pending, self.pending_le_connection = self.pending_le_connection, None
        if pending is None:
            return hci.HCI_StatusReturnParameters(hci.HCI_ErrorCode.COMMAND_DISALLOWED_ERROR)
        asyncio.get_running_loop().call_soon(self.send_hci_packet, _cancelled(pending.peer_address))
        return hci.HCI_StatusReturnParameters(hci.HCI_ErrorCode.SUCCESS)

    def on_hci_disconnect_command(self, command: hci.HCI_Disconnect_Command) -> None:
        """Refuse an unknown handle (stock: leaves the host waiting for ever)."""
        if self.find_le_connection_by_handle(command.connection_handle) is None:
            unknown = hci.HCI_ErrorCode.UNKNOWN_CONNECTION_IDENTIFIER_ERROR
            self._send_hci_command_status(unknown, command.op_code)
            return
        super().on_hci_disconnect_command(command)

    def on_le_disconnected(self, connection: Connection, reason: int) -> None:
        """Tell the host once (stock: fails when both ends hang up, or a lost link is lost again)."""
        if self.le_connections.get(connection.peer_address) is connection:
            super().on_le_disconnected(connection, reason)

    def on_advertising_pdu(self, pdu: ll.AdvInd | ll.AdvExtInd) -> None:
        """Report signal strength and the real scan response (stock: -50 dBm, and the payload twice)."""
        if self.le_scan_enable and isinstance(pdu, Heard):
            for report in _reports(pdu):
                self.send_hci_packet(hci.HCI_LE_Extended_Advertising_Report_Event([report]))
        pending = self.pending_le_connection
        if pending is not None and pending.peer_address == pdu.advertiser_address:
            self.create_le_connection(pdu.advertiser_address)


def _reports(heard: Heard) -> Iterator[_Report]:
    """What an active scanner reports: the advertisement, and the response if it is scannable."""
    yield _report(heard, heard.offers & _OFFERS, heard.data)
    if heard.offers & _EventType.SCANNABLE_ADVERTISING:
        yield _report(heard, heard.offers & _OFFERS | _EventType.SCAN_RESPONSE, heard.scan_response)


def _report(heard: Heard, event_type: int, data: bytes) -> _Report:
    return _Report(
        event_type=event_type,
        address_type=heard.advertiser_address.address_type,
        address=heard.advertiser_address,
        primary_phy=hci.Phy.LE_1M,
        secondary_phy=0,
        advertising_sid=hci.HCI_LE_Extended_Advertising_Report_Event.NO_ADI_FIELD_PROVIDED,
        tx_power=hci.HCI_LE_Extended_Advertising_Report_Event.TX_POWER_INFORMATION_NOT_AVAILABLE,
        rssi=heard.rssi_dbm,
        periodic_advertising_interval=0,
        direct_address_type=0,
        direct_address=hci.Address.ANY,
        data=data,
    )


def _cancelled(peer: hci.Address) -> hci.HCI_LE_Connection_Complete_Event:
    return hci.HCI_LE_Connection_Complete_Event(
        status=hci.HCI_ErrorCode.UNKNOWN_CONNECTION_IDENTIFIER_ERROR,
        connection_handle=0,
        role=hci.Role.CENTRAL,
        peer_address_type=peer.address_type,
        peer_address=peer,
        connection_interval=0,
        peripheral_latency=0,
        supervision_timeout=0,
        central_clock_accuracy=0,
    )
