"""What Bumble leaves open in the security of a peripheral, closed.

A generated client characteristic configuration descriptor (CCCD) can be written by anybody, and every encrypted link
counts as authenticated, Just Works included.
"""

from typing import Any, Final

from bumble.att import Attribute
from bumble.device import Connection, Device
from bumble.gatt import GATT_CLIENT_CHARACTERISTIC_CONFIGURATION_DESCRIPTOR, Characteristic, Descriptor
from bumble.keys import MemoryKeyStore, PairingKeys

_WRITTEN_ENCRYPTED: Final = (
    Attribute.Permissions.READABLE | Attribute.Permissions.WRITEABLE | Attribute.Permissions.WRITE_REQUIRES_ENCRYPTION
)


def protect_notifying(host: Device, characteristic: Characteristic[Any]) -> None:
    """Make switching on notifications or indications need encryption (ATT error 0x0F otherwise).

    To be called before the characteristic's GATT service is added to the host.
    """
    server: Any = host.gatt_server  # Bumble leaves the type of a descriptor's value open
    cccd = Descriptor(
        GATT_CLIENT_CHARACTERISTIC_CONFIGURATION_DESCRIPTOR,
        _WRITTEN_ENCRYPTED,
        server.make_descriptor_value(characteristic),
    )
    characteristic.descriptors = [*characteristic.descriptors, cccd]


def authenticate_by_key(host: Device, keys: MemoryKeyStore) -> None:
    """Let a link count as authenticated only if the key it is encrypted with is."""

    def watch(connection: Connection) -> None:
        def judge(key: PairingKeys | None) -> None:
            connection.authenticated = bool(key and key.ltk and key.ltk.authenticated)

        def encrypted() -> None:
            judge(keys.all_keys.get(str(connection.peer_address)))

        connection.on(connection.EVENT_PAIRING, judge)
        connection.on(connection.EVENT_CONNECTION_ENCRYPTION_CHANGE, encrypted)

    host.on(host.EVENT_CONNECTION, watch)
