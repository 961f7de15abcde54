"""What a step of a session leaves behind: items to send, and what is remembered of the device."""

from dataclasses import dataclass

from gateway.sessions.tracker import Progress
from vocabulary.identity import DeviceUid
from vocabulary.wire.batches import Item


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What is remembered of a device over a restart.

    `stored_upto`: its records up to this counter are on disk here. `progress`: how far its open sessions are followed.
    `epoch`: of this gateway's numbering of its sessions, for a device that numbers none (16 hex digits).
    """

    device: DeviceUid
    stored_upto: int
    progress: tuple[Progress, ...]
    epoch: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What goes to disk together: items, and what is remembered of their device from then on."""

    items: tuple[Item, ...]
    memory: Memory | None = None
