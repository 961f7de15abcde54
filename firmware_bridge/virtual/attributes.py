"""The attributes of a virtual device: what may be read, written and switched on, and over which links."""

from collections.abc import Callable
from dataclasses import dataclass

from bumble.att import ATT_Error, Attribute, ErrorCode
from bumble.core import UUID
from bumble.device import Connection, Device
from bumble.gatt import Characteristic, CharacteristicValue

from firmware_bridge.virtual.errors import RefusedWriteError
from firmware_bridge.virtual.radio import protect_notifying

Value = Characteristic[bytes]
Read = Callable[[], bytes]
Write = Callable[[Connection, bytes], None]
Properties = Characteristic.Properties
Permissions = Attribute.Permissions


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What a peer can do with a value: read it, write it, and be notified or indicated (`pushed`)."""

    read: Read | None = None
    write: Write | None = None
    pushed: Properties | None = None
    encrypted: bool = True


def characteristic(host: Device, uuid: str, access: Access) -> Value:
    """A characteristic, to be added to this host."""
    made: Value = Characteristic(UUID(uuid), _properties(access), _permissions(access), _value(access))
    if access.pushed and access.encrypted:
        protect_notifying(host, made)
    return made


def _properties(access: Access) -> Properties:
    properties = access.pushed or Properties(0)
    if access.read:
        properties |= Properties.READ
    if access.write:
        properties |= Properties.WRITE
    return properties


def _permissions(access: Access) -> Permissions:
    permissions = Permissions(0)
    if access.read:
        permissions |= Permissions.READABLE
    if access.write:
        permissions |= Permissions.WRITEABLE
    if access.encrypted:
        permissions |= Permissions.READ_REQUIRES_ENCRYPTION | Permissions.WRITE_REQUIRES_ENCRYPTION
    return permissions


def _value(access: Access) -> CharacteristicValue[bytes]:
    return CharacteristicValue(
        read=None if access.read is None else _reading(access.read),
        write=None if access.write is None else _writing(access.write),
    )


def _reading(read: Read) -> Callable[[Connection], bytes]:
    return lambda _: read()


def _writing(write: Write) -> Write:
    def writing(connection: Connection, value: bytes) -> None:
        try:
            write(connection, value)
        except RefusedWriteError as refusal:
            raise ATT_Error(error_code=ErrorCode(refusal.code)) from refusal

    return writing
