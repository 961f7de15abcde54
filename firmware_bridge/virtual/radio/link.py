"""One link between two controllers: its connection events, and the silence after which it is over.

Rules, kept here:
- At each connection event each end sends up to `packets_per_event` packets, in order. Only then are the buffers of
  its controller free again, so a host that floods is held back.
- While an end is out of range nothing is sent and nothing is lost. When that has lasted for the supervision timeout
  both ends are told 0x08, and what still waited is lost with the link.
- An end whose ConnectInd was never answered is told 0x3E after the same time.
"""

import asyncio
import sys
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from bumble import hci, ll
from bumble.controller import Connection, Controller
from bumble.core import PhysicalTransport

PACKET_BYTES: Final = 251
"""The payload of one packet on the air (data length extension)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """When a link may send: `connection_interval` None means at once and without end."""

    connection_interval: timedelta | None
    packets_per_event: int
    supervision_timeout: timedelta


@dataclass(slots=True, eq=False)
class End:
    """One end of a link, and what it has to send."""

    connection: Connection
    orders: deque[ll.ControlPdu] = field(default_factory=deque[ll.ControlPdu])
    data: deque[bytes] = field(default_factory=deque[bytes])

    @property
    def controller(self) -> Controller:
        """The controller this end belongs to."""
        return self.connection.controller

    @property
    def is_alive(self) -> bool:
        """Whether its controller still has this connection."""
        return self.controller.le_connections.get(self.connection.peer_address) is self.connection

    def transmit(self, to: "End", packets: int) -> None:
        """Send control packets first, then as much data as fits into `packets`."""
        sender = self.connection.self_address
        while self.orders and to.is_alive:
            to.controller.on_ll_control_pdu(sender, self.orders.popleft())
        while self.data and packets > 0 and self.is_alive and to.is_alive:
            pdu = self.data.popleft()
            packets -= _pieces(pdu, PACKET_BYTES)
            self._free_buffers(pdu)
            to.controller.on_link_acl_data(sender, PhysicalTransport.LE, pdu)

    def _free_buffers(self, pdu: bytes) -> None:
        buffers = _pieces(pdu, self.controller.le_acl_data_packet_length)
        self.controller.send_hci_packet(
            hci.HCI_Number_Of_Completed_Packets_Event(
                connection_handles=[self.connection.handle], num_completed_packets=[buffers]
            )
        )


class Link:
    """A link from the moment the central sends its ConnectInd: `central` is its end, `in_range` asks the room."""

    def __init__(self, pace: Pace, central: Connection, in_range: Callable[[Controller], bool]) -> None:
        self._pace, self._in_range = pace, in_range
        self._ends = [End(central)]
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time()
        self._event: asyncio.Handle | None = None
        self._supervision: asyncio.Handle | None = None
        self.review()

    def answer(self, peripheral: Connection) -> None:
        """The peripheral has heard the ConnectInd."""
        self._ends.append(End(peripheral))
        self.review()

    def joins(self, controller: Controller) -> bool:
        """Whether one end is this controller's."""
        return any(end.controller is controller for end in self._ends)

    def send(self, sender: Connection, pdu: bytes) -> None:
        """Queue an L2CAP PDU for the next connection event."""
        self._end_of(sender.self_address).data.append(pdu)
        self._await_event()

    def order(self, sender: hci.Address, packet: ll.ControlPdu) -> None:
        """Queue a control packet for the next connection event, ahead of all data."""
        self._end_of(sender).orders.append(packet)
        self._await_event()

    def review(self) -> None:
        """Start or end the supervision of silence: to be called when an end came, vanished or moved."""
        if self._hear_each_other():
            if self._supervision is not None:
                self._supervision.cancel()
            self._supervision = None
        elif self._supervision is None:
            timeout = self._pace.supervision_timeout.total_seconds()
            self._supervision = self._loop.call_later(timeout, self._break)
        self._await_event()

    def _hear_each_other(self) -> bool:
        return len(self._ends) == 2 and all(end.is_alive and self._in_range(end.controller) for end in self._ends)

    def _end_of(self, address: hci.Address) -> End:
        return next(end for end in self._ends if end.connection.self_address == address)

    def _await_event(self) -> None:
        if self._event is not None:
            return
        if self._pace.connection_interval is None:
            self._event = self._loop.call_soon(self._hold_event)
            return
        interval = self._pace.connection_interval.total_seconds()
        passed = (self._loop.time() - self._began) // interval
        self._event = self._loop.call_at(self._began + (passed + 1) * interval, self._hold_event)

    def _hold_event(self) -> None:
        self._event = None
        if len(self._ends) < 2 or not all(self._in_range(end.controller) for end in self._ends):
            return
        central, peripheral = self._ends
        packets = self._pace.packets_per_event if self._pace.connection_interval else sys.maxsize
        central.transmit(peripheral, packets)
        peripheral.transmit(central, packets)
        if central.is_alive and peripheral.is_alive and (central.data or peripheral.data):
            self._await_event()

    def _break(self) -> None:
        answered = len(self._ends) == 2
        reason = (
            hci.HCI_ErrorCode.CONNECTION_TIMEOUT_ERROR
            if answered
            else hci.HCI_ErrorCode.CONNECTION_FAILED_TO_BE_ESTABLISHED_ERROR
        )
        for end in self._ends:
            if end.is_alive:
                end.controller.on_le_disconnected(end.connection, reason)


def _pieces(pdu: bytes, size: int) -> int:
    return -(-len(pdu) // size)
