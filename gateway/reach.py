"""Which devices can be told something now, and how: whoever holds a link to one says so here."""

from collections import defaultdict
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
        self._held: defaultdict[DeviceUid, list[Commands]] = defaultdict(list)

    @contextmanager
    def holding(self, device: DeviceUid, commands: Commands) -> Generator[None]:
        """The device is within reach while this lasts, whatever becomes of other links to it."""
        self._held[device].append(commands)
        try:
            yield
        finally:
            self._held[device].remove(commands)

    def get(self, device: DeviceUid) -> Commands | None:
        """How to tell a device something, over its latest link; None when it is out of reach."""
        held = self._held.get(device)
        return held[-1] if held else None
