"""A group of batches, gone through once: what its boots named, and what it says of each session that is under way."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from monitor_api.ingest.opening import Opened
from monitor_api.telemetry.series import SeriesKey
from vocabulary.identity import ClinicId, DeviceUid, GatewayId, session_id
from vocabulary.wire.batches import Gap, GuardStop, SampleBlock, StoredRecord

BootName = tuple[GatewayId, int]


@dataclass(slots=True)
class BootSaid:
    """What a group's batches of one boot say of time: the first and last instants that they name, when last sealed.

    `batch`: any of them.
    """

    batch: Opened
    sealed_at: datetime
    named: tuple[datetime, datetime] | None = None


@dataclass(slots=True)
class Heard:
    """What a group's samples and gaps say of one session, as heard in one boot of a gateway.

    `batch` and `item`: the first of them. `first_at`, `last_at`: the earliest and the latest of the last instants that
    its batches name; None when none of them names any, or when one of them names none. `began_by`, `latest`: as its
    samples say, None when there are only gaps.
    """

    key: SeriesKey
    batch: Opened
    item: SampleBlock | Gap
    first_at: datetime | None
    last_at: datetime | None
    began_by: datetime | None = None
    latest: SampleBlock | None = None

    def hear_again(self, batch: Opened) -> None:
        """Take another batch in."""
        last = _last(batch)
        self.last_at = self.last_at and last and max(self.last_at, last)
        if last is not None and (self.first_at is None or last < self.first_at):
            self.first_at = last

    def hear(self, block: SampleBlock) -> None:
        """Take samples in."""
        began_by = block.received_at - timedelta(seconds=block.columns.active_s[-1])
        if self.began_by is None or began_by < self.began_by:
            self.began_by = began_by
        if self.latest is None or block.received_at > self.latest.received_at:
            self.latest = block


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Batches that are stored together; `telling` are those with anything but samples."""

    batches: Sequence[Opened]
    telling: Sequence[Opened]
    boots: Mapping[BootName, BootSaid]
    heard: Sequence[Heard]


def gather(batches: Sequence[Opened]) -> Group:
    """Go through a group."""
    boots: dict[BootName, BootSaid] = {}
    heard: dict[tuple[BootName, str, int, str | None], Heard] = {}
    for batch in batches:
        name = batch.boot
        _note_instants(boots, name, batch)
        for item in _live_items(batch):
            session = (name, item.device, item.counter, item.epoch)
            one = heard.get(session)
            if one is None:
                last = _last(batch)
                one = heard[session] = Heard(series_key(batch, item, item.counter), batch, item, last, last)
            else:
                one.hear_again(batch)
            if isinstance(item, SampleBlock):
                one.hear(item)
    telling = [batch for batch in batches if not batch.quiet]
    return Group(batches=batches, telling=telling, boots=boots, heard=list(heard.values()))


def _note_instants(boots: dict[BootName, BootSaid], name: BootName, batch: Opened) -> None:
    sealed_at, named = batch.body.sealed_at, batch.named
    said = boots.get(name)
    if said is None:
        said = boots[name] = BootSaid(batch, sealed_at)
    elif sealed_at > said.sealed_at:
        said.sealed_at = sealed_at
    if named is not None:
        known = said.named or named
        said.named = (min(named[0], known[0]), max(named[1], known[1]))


def _live_items(batch: Opened) -> Sequence[SampleBlock | Gap]:
    return batch.body.samples if batch.quiet else [*batch.body.samples, *batch.body.gaps]


def _last(batch: Opened) -> datetime | None:
    return batch.named and batch.named[1]


def series_key(batch: Opened, item: SampleBlock | Gap | StoredRecord | GuardStop, counter: int) -> SeriesKey:
    """The session that an item is of, in the clinic that the batch comes from."""
    return _key(batch.origin.clinic, item.device, counter, item.epoch)


@lru_cache(maxsize=65536)
def _key(clinic: ClinicId, device: str, counter: int, epoch: str | None) -> SeriesKey:
    return SeriesKey(clinic=clinic, session=session_id(DeviceUid(device), counter, epoch))


def sample_blocks(batches: Sequence[Opened]) -> Iterator[tuple[SeriesKey, SampleBlock]]:
    """All blocks, each with its session."""
    return ((series_key(batch, block, block.counter), block) for batch in batches for block in batch.body.samples)
