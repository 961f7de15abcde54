"""Which devices can be told something now, and how: whoever holds a link to one says so here."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Protocol

from vocabulary.identity import DeviceUid


class Commands(Protocol):
    """What a device can be told while somebody holds a link to it."""

    async def stop(self) -> None:
        """Have it stop; returns when it says that it has. Raises LinkLost, LinkRefused, LinkUnsupported."""
        ...

    async def permit(self, permit: bytes) -> None:
        """Hand it a permit that was signed for it. Raises LinkLost, LinkRefused, LinkUnsupported."""
        ...


class Reach:
    """The devices that can be told something now. Used on one event loop."""

    def __init__(self) -> None:
        self._commands: dict[DeviceUid, Commands] = {}

    @contextmanager
    def holding(self, device: DeviceUid, commands: Commands) -> Generator[None]:
        """The device is within reach while this lasts; a later link to it takes the place of an earlier one."""
        self._commands[device] = commands
        try:
            yield
        finally:
            if self._commands.get(device) is commands:
                del self._commands[device]

    def get(self, device: DeviceUid) -> Commands | None:
        """How to tell a device something; None when it is out of reach."""
        return self._commands.get(device)
