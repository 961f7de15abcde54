"""What the service needs of a telemetry store."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from monitor_api.telemetry.series import Series, SeriesKey, Stretch
from vocabulary.wire.batches import SampleBlock


class Telemetry(Protocol):
    """Samples by session.

    Promises: what `append` was given is on disk before it returns; appending it again changes nothing; samples of
    one number that differ are all kept, and counted by `series`. All but `close` raise StoreUnavailable when the
    store fails for now, and StoreUnusable when trying again does not help; `append` raises SamplesRefused for samples
    that the store never takes.
    """

    def append(self, blocks: Sequence[tuple[SeriesKey, SampleBlock]]) -> None:
        """Store blocks durably."""
        ...

    def series(self, key: SeriesKey) -> Series:
        """All samples of a session; empty when there are none."""
        ...

    def stretches(self, key: SeriesKey) -> tuple[Stretch, ...]:
        """All that is kept of a session, also what came twice and differs; in the order that `assemble` takes."""
        ...

    def sessions(self) -> Iterator[SeriesKey]:
        """Every session that has samples, each once."""
        ...

    def seal(self, key: SeriesKey) -> None:
        """Let a complete session take less room, where the store can; nothing changes for readers."""
        ...

    def close(self) -> None:
        """Release the store."""
        ...
