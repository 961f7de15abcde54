"""What the service needs of a telemetry store."""

from collections.abc import Sequence
from typing import Protocol

from monitor_api.telemetry.series import Series, SeriesKey
from vocabulary.wire.batches import SampleBlock


class Telemetry(Protocol):
    """Samples by session.

    Promises: what `append` was given is on disk before it returns; appending it again changes nothing; samples of
    one number that differ are all kept, and counted by `series`. Writing raises StoreUnavailable when the store
    fails for now.
    """

    def append(self, blocks: Sequence[tuple[SeriesKey, SampleBlock]]) -> None:
        """Store blocks durably."""
        ...

    def series(self, key: SeriesKey) -> Series:
        """All samples of a session; empty when there are none."""
        ...

    def seal(self, key: SeriesKey) -> None:
        """Pack a complete session into one compressed block; leaves a session whose samples clash as it is."""
        ...

    def close(self) -> None:
        """Release the store."""
        ...
