"""From single items to the body of a batch: samples that follow each other become one block."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, TypeVar

from msgspec.structs import replace

from vocabulary.wire.batches import (
    COLUMN_NAMES,
    Body,
    Columns,
    Gap,
    GuardStop,
    Incident,
    Item,
    LinkStatus,
    ReportedMark,
    ReportedOrder,
    SampleBlock,
    SeenAnchor,
    SeenClock,
    SeenDevice,
    StoredRecord,
)
from vocabulary.wire.limits import BLOCK_SAMPLES

I = TypeVar("I", bound=Item)  # noqa: E741 - an item
Session = tuple[str, str | None, int]


def pack(items: Sequence[Item], sealed_at: datetime, boot: int) -> Body:
    """The body of one batch."""
    return Body(
        sealed_at=sealed_at,
        boot=boot,
        devices=_all(items, SeenDevice),
        anchors=_all(items, SeenAnchor),
        marks=_all(items, ReportedMark),
        samples=list(joined(_all(items, SampleBlock))),
        gaps=_all(items, Gap),
        records=_all(items, StoredRecord),
        links=_all(items, LinkStatus),
        clocks=_all(items, SeenClock),
        orders=_all(items, ReportedOrder),
        guard_stops=_all(items, GuardStop),
        incidents=_all(items, Incident),
    )


def sample_count(items: Iterable[Item]) -> int:
    """How many samples the items hold."""
    return sum(item.count for item in items if isinstance(item, SampleBlock))


def joined(blocks: Iterable[SampleBlock]) -> Iterator[SampleBlock]:
    """The blocks with those that continue each other made one; blocks of several sessions may be interleaved."""
    runs: dict[Session, list[SampleBlock]] = {}
    for block in blocks:
        run = runs.setdefault(session_of(block), [])
        if run and not _continues(run, block):
            yield _one(run)
            run.clear()
        run.append(block)
    yield from (_one(run) for run in runs.values() if run)


def spanned(gaps: Iterable[Gap]) -> Iterator[Gap]:
    """The gaps with those that continue each other made one; gaps of several sessions may be interleaved."""
    open_gaps: dict[Session, Gap] = {}
    for gap in gaps:
        before = open_gaps.pop(session_of(gap), None)
        if before is not None and before.last + 1 != gap.first:
            yield before
            before = None
        open_gaps[session_of(gap)] = gap if before is None else replace(before, last=gap.last)
    yield from open_gaps.values()


def gap_for(block: SampleBlock) -> Gap:
    """The gap that a block leaves when it is lost."""
    last = block.first + block.count - 1
    return Gap(device=block.device, counter=block.counter, first=block.first, last=last, epoch=block.epoch)


def session_of(item: SampleBlock | Gap) -> Session:
    """What tells one session's items from another's."""
    return item.device, item.epoch, item.counter


def _all(items: Iterable[Item], kind: type[I]) -> list[I]:
    return [item for item in items if isinstance(item, kind)]


def _continues(run: Sequence[SampleBlock], block: SampleBlock) -> bool:
    last = run[-1]
    follows = block.first == last.first + last.count and block.first + block.count - run[0].first <= BLOCK_SAMPLES
    return follows and (block.state, block.zone) == (last.state, last.zone)


def _one(run: Sequence[SampleBlock]) -> SampleBlock:
    first, last = run[0], run[-1]
    return SampleBlock(
        device=first.device,
        counter=first.counter,
        modality=first.modality,
        state=first.state,
        zone=first.zone,
        first=first.first,
        received_at=last.received_at,
        columns=_columns(run),
        epoch=first.epoch,
    )


def _columns(run: Sequence[SampleBlock]) -> Columns:
    """The columns of a run end to end; null where one of its samples lacks a quantity that another has."""
    columns: dict[str, list[Any]] = {}
    for name in COLUMN_NAMES:
        parts = [getattr(block.columns, name) for block in run]
        if any(part is not None for part in parts):
            columns[name] = [
                value
                for block, part in zip(run, parts, strict=True)
                for value in (part if part is not None else [None] * block.count)
            ]
    return Columns(**columns)
