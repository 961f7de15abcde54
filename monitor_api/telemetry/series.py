"""The samples of one session, put together from the blocks they came in."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from vocabulary.devices import DeviceState, Zone
from vocabulary.identity import ClinicId, SessionId
from vocabulary.wire.batches import COLUMN_NAMES, SampleBlock

Column = tuple[Any, ...]
Sample = tuple[int, DeviceState, Zone | None, dict[str, Any]]
"""Its number, state and zone, and what was measured, by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesKey:
    """Whose samples: a session of one clinic. Two clinics that meet the same device share nothing."""

    clinic: ClinicId
    session: SessionId


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Consecutive samples from number `first`, all in one state and zone; `columns` by name, all of one length."""

    first: int
    state: DeviceState
    zone: Zone | None
    columns: dict[str, Column]

    @property
    def count(self) -> int:
        """How many samples."""
        return len(self.columns["active_s"])

    @classmethod
    def of(cls, block: SampleBlock) -> "Stretch":
        """The samples of a block as they came over the wire."""
        columns = {name: tuple(values) for name in COLUMN_NAMES if (values := getattr(block.columns, name)) is not None}
        return cls(first=block.first, state=block.state, zone=block.zone, columns=columns)

    def part(self, start: int, end: int) -> "Stretch":
        """Its samples numbered from `start` to before `end`."""
        low, high = start - self.first, end - self.first
        columns = {name: column[low:high] for name, column in self.columns.items()}
        return Stretch(first=start, state=self.state, zone=self.zone, columns=columns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """A session's stretches in order, none overlapping; `clashes` counts samples that came twice, and differ."""

    stretches: tuple[Stretch, ...]
    clashes: int

    @property
    def count(self) -> int:
        """How many samples are here."""
        return sum(stretch.count for stretch in self.stretches)

    def sequence(self) -> tuple[int, ...]:
        """The number of each sample."""
        return tuple(
            number for stretch in self.stretches for number in range(stretch.first, stretch.first + stretch.count)
        )

    def column(self, name: str) -> Column:
        """One quantity over all samples; None where a sample has none."""
        if len(self.stretches) == 1:
            return self.stretches[0].columns.get(name) or (None,) * self.count
        absent = (None,)
        return tuple(
            value for stretch in self.stretches for value in stretch.columns.get(name) or absent * stretch.count
        )

    def samples(self) -> Iterator[Sample]:
        """Each sample by itself: the same from whichever stretches it came in."""
        for stretch in self.stretches:
            for number in range(stretch.first, stretch.first + stretch.count):
                yield number, *_sample(stretch, number)

    def states(self) -> tuple[DeviceState, ...]:
        """The state at each sample."""
        return tuple(stretch.state for stretch in self.stretches for _ in range(stretch.count))

    def zones(self) -> tuple[Zone | None, ...]:
        """The zone at each sample."""
        return tuple(stretch.zone for stretch in self.stretches for _ in range(stretch.count))


EMPTY = Series(stretches=(), clashes=0)


def assemble(stretches: Iterable[Stretch]) -> Series:
    """Order stretches by sample number and drop what came twice; the first of two that differ is kept, and counted."""
    kept: list[Stretch] = []
    clashes = 0
    for stretch in sorted(stretches, key=lambda one: one.first):
        end = _end(kept)
        overlap = min(end, stretch.first + stretch.count) - stretch.first
        if overlap > 0:
            clashes += _differing(kept, stretch.part(stretch.first, stretch.first + overlap))
        if overlap < stretch.count:
            kept.append(stretch if overlap <= 0 else stretch.part(end, stretch.first + stretch.count))
    return Series(stretches=tuple(kept), clashes=clashes)


def _end(kept: Sequence[Stretch]) -> int:
    return kept[-1].first + kept[-1].count if kept else 0


def _differing(kept: Iterable[Stretch], again: Stretch) -> int:
    """How many samples of `again` differ from what is kept under their numbers."""
    differing = 0
    for one in kept:
        start, end = max(one.first, again.first), min(one.first + one.count, again.first + again.count)
        differing += sum(1 for n in range(start, end) if _sample(one, n) != _sample(again, n))
    return differing


def _sample(stretch: Stretch, number: int) -> tuple[DeviceState, Zone | None, dict[str, Any]]:
    """One sample; a quantity that is null is one that is absent, however its batch was packed."""
    at = number - stretch.first
    measured = {name: column[at] for name, column in stretch.columns.items() if column[at] is not None}
    return stretch.state, stretch.zone, measured
