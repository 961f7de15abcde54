"""A peripheral with one of everything, and no meaning."""

from datetime import timedelta
from random import Random

from bumble.att import ATT_Error
from bumble.core import AdvertisingData
from bumble.gatt import Attribute, Characteristic, CharacteristicValue, Descriptor, Service
from bumble.pairing import PairingConfig, PairingDelegate

from firmware_bridge.virtual.radio import Room, make_host, protect_notifying

P, A = Characteristic.Properties, Attribute.Permissions
FLAGS, NAME, UUIDS_128 = 0x01, 0x09, 0x07


def uuid(number):
    return f"7e57{number:04x}-0000-4000-8000-000000000000"


GATT_SERVICE, TEXT, SINK, TICKS, ALARM, SECRET, SECRET_TICKS, STRICT = map(uuid, range(1, 9))
LONG_TEXT = bytes(range(256)) * 2
REFUSED = b"\x99"


def room_with(settings):
    return Room(settings, Random(1))


class PlainPeripheral:
    def __init__(self, room, name="Plain", address="C0:00:00:00:00:01"):
        self.host = make_host(room, name, address, advertising_interval=timedelta(milliseconds=20))
        self.written = []
        self.pairing = PairingDelegate()
        self.ticks = Characteristic(TICKS, P.NOTIFY, A.READABLE, b"")
        self.alarm = Characteristic(ALARM, P.INDICATE, A.READABLE, b"")
        self.secret_ticks = Characteristic(SECRET_TICKS, P.NOTIFY, A.READABLE, b"")
        protect_notifying(self.host, self.secret_ticks)
        self.host.add_service(Service(GATT_SERVICE, [*self._values(), self.ticks, self.alarm, self.secret_ticks]))
        self.host.pairing_config_factory = lambda _: PairingConfig(mitm=self.needs_passkey, delegate=self.pairing)
        flags = (FLAGS, b"\x06")
        self.host.advertising_data = bytes(
            AdvertisingData([flags, (UUIDS_128, bytes.fromhex(GATT_SERVICE.replace("-", ""))[::-1])])
        )
        self.host.scan_response_data = bytes(AdvertisingData([(NAME, name.encode())]))

    @property
    def needs_passkey(self):
        return self.pairing.io_capability == PairingDelegate.DISPLAY_OUTPUT_ONLY

    @property
    def address(self):
        return self.host.static_address

    @property
    def links(self):
        return list(self.host.connections.values())

    async def start(self):
        await self.host.power_on()
        await self.host.start_advertising(auto_restart=True)
        return self

    async def tick(self, value):
        await self.host.notify_subscribers(self.ticks, value)

    def forget_bonds(self):
        self.host.keystore.all_keys.clear()

    def flash(self):
        """New firmware: the same attributes behind other handles, and GAP and GATT gone."""
        server = self.host.gatt_server
        kept = server.services[-1]
        for known in (server.attributes, server.attributes_by_handle, server.services):
            known.clear()
        server.add_service(kept)

    def _values(self):
        label = Descriptor("2901", A.READABLE | A.WRITEABLE, b"a text")
        encrypted = A.READABLE | A.READ_REQUIRES_ENCRYPTION
        return (
            Characteristic(TEXT, P.READ, A.READABLE, LONG_TEXT, [label]),
            Characteristic(
                SINK, P.WRITE | P.WRITE_WITHOUT_RESPONSE, A.WRITEABLE, CharacteristicValue(write=self._take)
            ),
            Characteristic(SECRET, P.READ, encrypted, b"secret"),
            Characteristic(STRICT, P.READ, A.READABLE | A.READ_REQUIRES_AUTHENTICATION, b"by passkey only"),
        )

    def _take(self, _, value):
        if value == REFUSED:
            raise ATT_Error(0x81)
        self.written.append(value)
