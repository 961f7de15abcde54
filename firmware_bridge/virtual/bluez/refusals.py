"""How BlueZ words its refusals: clients read both the D-Bus error's name and its text."""

from typing import Final, NamedTuple

from bumble import hci
from bumble.att import ErrorCode

from firmware_bridge.errors import BusError


class Refusal(NamedTuple):
    """A D-Bus error: `raise BusError(*IN_PROGRESS)`."""

    name: str
    text: str


def _bluez(name: str, text: str) -> Refusal:
    return Refusal(f"org.bluez.Error.{name}", text)


def _dbus(name: str, text: str) -> Refusal:
    return Refusal(f"org.freedesktop.DBus.Error.{name}", text)


ALREADY_EXISTS: Final = _bluez("AlreadyExists", "Already Exists")
ALREADY_NOTIFYING: Final = _bluez("InProgress", "Already notifying")
AUTHENTICATION_CANCELED: Final = _bluez("AuthenticationCanceled", "Authentication Canceled")
AUTHENTICATION_FAILED: Final = _bluez("AuthenticationFailed", "Authentication Failed")
DOES_NOT_EXIST: Final = _bluez("DoesNotExist", "Does Not Exist")
IN_PROGRESS: Final = _bluez("InProgress", "Operation already in progress")
NOT_CONNECTED: Final = _bluez("NotConnected", "Not Connected")
NOT_READY: Final = _bluez("NotReady", "Resource Not Ready")
NOT_SUPPORTED: Final = _bluez("NotSupported", "Operation is not supported")
NO_DISCOVERY: Final = _bluez("Failed", "No discovery started")
NO_NOTIFYING: Final = _bluez("Failed", "No notify session started")
NOTIFY_ACQUIRED: Final = _bluez("NotPermitted", "Notify acquired")
ATT_TIMED_OUT: Final = _bluez("Failed", "Operation timed out")
ATT_NOT_CONNECTED: Final = _bluez("Failed", "Not connected")
LE_CANCELED: Final = _bluez("Failed", "le-connection-canceled")
LE_CONNECTION_ABORTED: Final = _bluez("Failed", "le-connection-abort-by-local")
LE_UNKNOWN: Final = _bluez("Failed", "le-connection-unknown")

NO_NAME_OWNER: Final = _dbus("NameHasNoOwner", "The name has no owner")
NO_REPLY: Final = _dbus("NoReply", "Did not receive a reply")
READ_ONLY: Final = _dbus("PropertyReadOnly", "The property cannot be written")
UNKNOWN_OBJECT: Final = _dbus("UnknownObject", "The object does not exist")
UNKNOWN_PROPERTY: Final = _dbus("InvalidArgs", "No such property")

_NOT_PAIRED: Final = _bluez("NotPermitted", "Not paired")

_OF_ATT: Final = {
    ErrorCode.READ_NOT_PERMITTED: _bluez("NotPermitted", "Read not permitted"),
    ErrorCode.WRITE_NOT_PERMITTED: _bluez("NotPermitted", "Write not permitted"),
    ErrorCode.INSUFFICIENT_AUTHENTICATION: _NOT_PAIRED,
    ErrorCode.INSUFFICIENT_ENCRYPTION: _NOT_PAIRED,
    ErrorCode.INSUFFICIENT_ENCRYPTION_KEY_SIZE: _NOT_PAIRED,
    ErrorCode.REQUEST_NOT_SUPPORTED: NOT_SUPPORTED,
    ErrorCode.INVALID_OFFSET: _bluez("InvalidArguments", "Invalid offset"),
    ErrorCode.INSUFFICIENT_AUTHORIZATION: _bluez("NotAuthorized", "Operation Not Authorized"),
    ErrorCode.INVALID_ATTRIBUTE_LENGTH: _bluez("InvalidArguments", "Invalid Length"),
}

_OF_LINK: Final = {
    hci.HCI_ErrorCode.CONNECTION_TIMEOUT_ERROR: _bluez("Failed", "le-connection-timeout"),
    hci.HCI_ErrorCode.CONNECTION_LIMIT_EXCEEDED_ERROR: _bluez("Failed", "le-connection-concurrent-connection-limit"),
    hci.HCI_ErrorCode.COMMAND_DISALLOWED_ERROR: _bluez("Failed", "le-connection-busy"),
    hci.HCI_ErrorCode.CONNECTION_TERMINATED_BY_LOCAL_HOST_ERROR: LE_CONNECTION_ABORTED,
}


def of_att(code: int) -> BusError:
    """What BlueZ makes of an ATT error; clients parse the code out of the text if it has no name of its own."""
    known = _OF_ATT.get(ErrorCode(code))
    return BusError(*(known or _bluez("Failed", f"Operation failed with ATT error: 0x{code:02x}")))


def of_link(code: int | None) -> BusError:
    """What BlueZ makes of an HCI error while a link is set up."""
    known = None if code is None else _OF_LINK.get(hci.HCI_ErrorCode(code))
    return BusError(*(known or LE_UNKNOWN))


def unknown_method(member: str, signature: str, interface: str) -> BusError:
    """No such method, or not with these arguments."""
    text = f'Method "{member}" with signature "{signature}" on interface "{interface}" doesn\'t exist\n'
    return BusError(*_dbus("UnknownMethod", text))
