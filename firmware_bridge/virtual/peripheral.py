"""A virtual device on the air: its GATT services on a Bumble host (device profile, BLE and Security).

Rules kept here:
- everything but Features and Device Information needs an encrypted link, notifications included;
- LE Secure Connections, Just Works, bonding; pairing only while the window is open;
- notifications leave in the order in which they arose, whether or not records are being sent;
- a link that is lost takes with it what was on its way, and nothing else.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any, Final

from bumble import data_types
from bumble.core import UUID, AdvertisingData, InvalidStateError
from bumble.device import Connection, Device
from bumble.gatt import Service
from bumble.hci import HCI_ErrorCode
from bumble.keys import PairingKeys
from bumble.pairing import PairingConfig

from firmware_bridge.virtual.attributes import Access, Properties, Value, Write, characteristic
from firmware_bridge.virtual.errors import RefusedWriteError
from firmware_bridge.virtual.hets import racp
from firmware_bridge.virtual.hets.codes import Characteristic
from firmware_bridge.virtual.hets.control import control
from firmware_bridge.virtual.hets.device import VirtualDevice
from firmware_bridge.virtual.hets.happenings import Happening, Sampled, StateChanged
from firmware_bridge.virtual.hets.segments import segments
from firmware_bridge.virtual.journal import LinkEvent
from firmware_bridge.virtual.links import Link, Window
from vocabulary.identity import HETS_SERVICE

PAIRING_WINDOW: Final = timedelta(minutes=2)
"""In real time, as radios live in it."""

_PACKETS_AHEAD: Final = 6
"""How far a transfer of records runs ahead of the air: enough to fill a connection event, and little for a live frame
to wait behind."""

_INVALID_LENGTH: Final = 0x0D
_INDICATIONS_OFF: Final = 0xFD
_IN_PROGRESS: Final = 0xFE
_NOTIFYING: Final = 0x01
_INDICATING: Final = 0x02

_FLAGS: Final = AdvertisingData.Flags.LE_GENERAL_DISCOVERABLE_MODE | AdvertisingData.Flags.BR_EDR_NOT_SUPPORTED


class Peripheral:
    """A device on a host made by `make_host`.

    `catch_up` lets the device live up to now and tells the peripheral what happened; it is called before and after
    each request. `noted` hears what happens to the radio, `segment_sent` is called after each segment of a record.
    """

    def __init__(
        self,
        host: Device,
        device: VirtualDevice,
        *,
        catch_up: Callable[[], None],
        noted: Callable[[LinkEvent], None],
        segment_sent: Callable[[], None] = lambda: None,
    ) -> None:
        self._host, self._device = host, device
        self._catch_up, self._noted, self._segment_sent = catch_up, noted, segment_sent
        self._window = Window()
        self._links: dict[Connection, Link] = {}
        self._values = {name: characteristic(host, name.value, access) for name, access in self._table().items()}
        self._battery = characteristic(host, "2A19", Access(read=self._read_battery))
        host.add_services(self._services())
        pairing = PairingConfig(sc=True, mitm=False, bonding=True, delegate=self._window)
        host.pairing_config_factory = partial(_same, pairing)
        host.on(host.EVENT_CONNECTION, self._on_connection)

    async def start(self) -> None:
        """Switch the radio on and advertise, again after every connection."""
        offer = [data_types.Flags(_FLAGS), data_types.CompleteListOf128BitServiceUUIDs([UUID(str(HETS_SERVICE))])]
        self._host.advertising_data = bytes(AdvertisingData(offer))
        self._host.scan_response_data = bytes(AdvertisingData([data_types.CompleteLocalName(self._host.name)]))
        await self._host.power_on()
        await self._host.start_advertising(auto_restart=True)

    async def stop(self) -> None:
        """Switch the radio off."""
        self._window.close()
        for link in self._links.values():
            link.close()
        await self._host.power_off()

    @property
    def is_followed(self) -> bool:
        """Whether somebody has subscribed to live frames."""
        return any(self._pushes(connection, Characteristic.LIVE, _NOTIFYING) for connection in self._links)

    def open_pairing(self, lasting: timedelta = PAIRING_WINDOW) -> None:
        """Accept a pairing, as a long press of the button does; the window closes with the first bond."""
        self._window.open(lasting)
        self._noted(LinkEvent.PAIRING_OPEN)

    def hang_up(self) -> None:
        """Drop the links, as a loss of power does."""
        for link in self._links.values():
            link.start(link.connection.disconnect())

    def tell(self, happening: Happening) -> None:
        """Notify those who listen of what happened in the device."""
        if isinstance(happening, Sampled):
            self._notify(Characteristic.LIVE, happening.frame)
        elif isinstance(happening, StateChanged):
            self._notify(Characteristic.STATE, happening.report.encode())

    def _table(self) -> dict[Characteristic, Access]:
        device = self._device
        return {
            Characteristic.FEATURES: Access(read=device.read_features, encrypted=False),
            Characteristic.STATE: Access(read=self._read_state, pushed=Properties.NOTIFY),
            Characteristic.LIVE: Access(pushed=Properties.NOTIFY),
            Characteristic.RECORD: Access(pushed=Properties.NOTIFY),
            Characteristic.RACP: Access(write=self._served(self._on_racp), pushed=Properties.INDICATE),
            Characteristic.CONTROL: Access(write=self._served(self._on_control), pushed=Properties.INDICATE),
            Characteristic.ELAPSED_TIME: Access(read=self._read_time, write=self._served(self._on_time)),
        }

    def _services(self) -> list[Service]:
        of_hets = [value for name, value in self._values.items() if name is not Characteristic.ELAPSED_TIME]
        return [
            Service(UUID(str(HETS_SERVICE)), of_hets),
            Service(UUID("183F"), [self._values[Characteristic.ELAPSED_TIME]]),
            Service(UUID("180F"), [self._battery]),
            Service(UUID("180A"), [self._told(uuid, value) for uuid, value in self._information().items()]),
        ]

    def _information(self) -> dict[str, bytes]:
        product, uid = self._device.product, self._device.uid
        return {
            "2A29": product.manufacturer.encode(),
            "2A24": product.model.encode(),
            "2A25": uid.upper().encode(),
            "2A26": product.firmware_text.encode(),
            "2A23": system_id(uid),
        }

    def _told(self, uuid: str, value: bytes) -> Value:
        return characteristic(self._host, uuid, Access(read=lambda: value, encrypted=False))

    def _read_state(self) -> bytes:
        self._catch_up()
        return self._device.read_state()

    def _read_time(self) -> bytes:
        self._catch_up()
        return self._device.read_elapsed_time()

    def _read_battery(self) -> bytes:
        self._catch_up()
        return bytes((self._device.battery_percent,))

    def _served(self, write: Write) -> Write:
        def serve(connection: Connection, value: bytes) -> None:
            if not value:
                raise RefusedWriteError(_INVALID_LENGTH, "a request has at least one byte")
            self._catch_up()
            write(connection, value)
            self._catch_up()

        return serve

    def _on_time(self, _: Connection, value: bytes) -> None:
        self._device.write_elapsed_time(value)

    def _on_control(self, connection: Connection, request: bytes) -> None:
        answer = control(self._device, request)
        self._links[connection].start(self._indicate(connection, Characteristic.CONTROL, answer))

    def _on_racp(self, connection: Connection, request: bytes) -> None:
        link = self._links[connection]
        if not self._pushes(connection, Characteristic.RACP, _INDICATING):
            raise RefusedWriteError(_INDICATIONS_OFF, "the answer is an indication, and nobody listens")
        if link.is_transferring and request[0] != racp.Procedure.ABORT:
            raise RefusedWriteError(_IN_PROGRESS, "records are being sent")
        answer = racp.respond(request, self._device.memory.records)
        if answer.indication == racp.ABORTED:
            link.abort_transfer()
        sending = link.start(self._send(link, self._device.read_records(answer.counters), answer.indication))
        if answer.counters:
            link.transfer = sending

    async def _send(self, link: Link, records: tuple[bytes, ...], indication: bytes) -> None:
        connection = link.connection
        for record in records:
            for segment in segments(record, connection.att_mtu):
                await self._host.notify_subscriber(connection, self._values[Characteristic.RECORD], segment)
                self._segment_sent()
                await self._keep_pace(connection)
        await self._indicate(connection, Characteristic.RACP, indication)

    async def _keep_pace(self, connection: Connection) -> None:
        queue = self._host.host.connections[connection.handle].acl_packet_queue
        if queue.pending > _PACKETS_AHEAD:
            await queue.drain(connection.handle)

    async def _indicate(self, connection: Connection, name: Characteristic, value: bytes) -> None:
        with suppress(InvalidStateError):  # the link was lost
            await self._host.indicate_subscriber(connection, self._values[name], value)

    def _pushes(self, connection: Connection, name: Characteristic, how: int) -> bool:
        server: Any = self._host.gatt_server  # Bumble leaves the type of a characteristic's value open
        return bool(server.read_cccd(connection, self._values[name])[0] & how)

    def _notify(self, name: Characteristic, value: bytes) -> None:
        for link in self._links.values():
            link.outgoing.put_nowait((self._values[name], value))

    async def _pump(self, link: Link) -> None:
        while True:
            value, octets = await link.outgoing.get()
            await self._host.notify_subscriber(link.connection, value, octets)

    def _on_connection(self, connection: Connection) -> None:
        link = self._links[connection] = Link(connection)
        connection.on(connection.EVENT_DISCONNECTION, partial(self._on_disconnection, link))
        connection.on(connection.EVENT_PAIRING, partial(self._on_pairing, link))
        link.start(self._pump(link))
        self._noted(LinkEvent.CONNECTED)

    def _on_disconnection(self, link: Link, _: int) -> None:
        link.close()
        del self._links[link.connection]
        self._noted(LinkEvent.DISCONNECTED)

    def _on_pairing(self, link: Link, keys: PairingKeys) -> None:
        if keys.ltk is None:  # legacy pairing
            link.start(link.connection.disconnect(HCI_ErrorCode.AUTHENTICATION_FAILURE_ERROR))
            return
        self._window.close()
        self._noted(LinkEvent.BONDED)


def _same(pairing: PairingConfig, _: Connection) -> PairingConfig:
    return pairing


def system_id(uid: str) -> bytes:
    """A device uid as System ID 0x2A23 carries it: EUI-64, least significant octet first."""
    return bytes.fromhex(uid)[::-1]
