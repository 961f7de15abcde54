"""What a step of a session leaves behind: items to send, and what is remembered of the device."""

from dataclasses import dataclass

from gateway.sessions.kept import NOTHING_KEPT, Kept
from gateway.sessions.tally import Tally
from gateway.sessions.tracker import Progress
from vocabulary.identity import DeviceUid
from vocabulary.wire.batches import Item


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What is remembered of a device over a restart.

    `stored_upto`: its records up to this counter are on disk here, and those of `beyond`; those of
    `former` were, before it had to be read anew. `progress`: how far its open
    sessions are followed. `tally`: of its messages, for a device that numbers them.
    `epoch`: of this gateway's numbering of its sessions, for a device that numbers none (16 hex digits). `note`: what
    whoever speaks to such a device must remember of it, in words of their own.
    """

    device: DeviceUid
    stored_upto: int
    progress: tuple[Progress, ...]
    epoch: str | None
    note: str = ""
    beyond: tuple[int, ...] = ()
    former: Kept = NOTHING_KEPT
    tally: Tally | None = None

    @property
    def kept(self) -> Kept:
        """The records that are on disk here."""
        return Kept(upto=self.stored_upto, beyond=self.beyond)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What goes to disk together: items, and what is remembered of their device from then on."""

    items: tuple[Item, ...]
    memory: Memory | None = None
