"""What the gateway's two connections to a broker have in common: whom they trust, and how long they are remembered."""

from ssl import SSLContext, create_default_context
from typing import Final

from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from vocabulary.errors import SettingsError

SESSION_EXPIRY_S: Final = 7 * 86400
"""How long a broker keeps what it has for a gateway that is away."""


def trusting(authorities: str | None, key: str) -> SSLContext:
    """Trusts the authorities of a file, or the system's; `key` names the setting.

    Raises SettingsError for a file that holds no certificates.
    """
    try:
        return create_default_context(cafile=authorities)
    except OSError as error:
        problem = {key: f"{authorities} holds no certificates that can be read ({error})"}
        raise SettingsError(
            "the gateway's settings", problem, "Name a file of PEM certificates, or none for the system's."
        ) from error


def remembered() -> Properties:
    """The properties of a connection whose session the broker keeps."""
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.SessionExpiryInterval = SESSION_EXPIRY_S
    return properties
