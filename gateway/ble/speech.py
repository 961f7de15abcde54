"""What the radio asks of whoever speaks a family's language."""

from typing import Protocol

from gateway.ble.link import Link
from vocabulary.devices import DeviceDescription


class Speech(Protocol):
    """How the devices of one family are spoken to."""

    async def introduce(self, link: Link) -> DeviceDescription:
        """Find out who and what is at the other end. Raises LinkLost, LinkRefused, DriverError, IdentityError."""
        ...

    async def converse(self, link: Link, description: DeviceDescription) -> None:
        """Talk until the link is lost, and close it. Raises LinkLost, LinkRefused, DriverError."""
        ...
