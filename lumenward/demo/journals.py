"""What the devices of a demo say that they did, whoever heard them."""

from collections.abc import Mapping, Sequence

from firmware_bridge.virtual.journal import JournalLine, JournalReader
from lumenward.demo.scenario import people
from lumenward.demo.world import World
from vocabulary.identity import DeviceUid

Told = Mapping[DeviceUid, Sequence[JournalLine]]
"""The lines of each device until now."""


class Journals:
    """Reads each line once: to judge a demo every second must not take the time that its alerts are measured by."""

    def __init__(self, world: World) -> None:
        self._readers = {person.uid: JournalReader(world.journal(person)) for person in people(world.homes)}

    def read(self) -> Told:
        """What is told so far. Raises DefinitionError."""
        return {uid: reader.lines() for uid, reader in self._readers.items()}
