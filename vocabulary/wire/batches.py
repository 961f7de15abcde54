"""The body of a batch: what one home learned since the batch before it, in columns.

Identity travels with every item (device and session counter), so nothing depends on the order of batches.
"""

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import astuple

from vocabulary.devices import DeviceState, Fault, Feature, Lockout, Modality, Zone
from vocabulary.errors import BodyError
from vocabulary.wire.limits import BLOCK_SAMPLES, DURATION_S, ITEMS, REASON, TEXT

Uid = Annotated[str, Meta(pattern="^[0-9a-f]{16}$")]
U32 = Annotated[int, Meta(ge=0, le=2**32 - 1)]
Counter = Annotated[int, Meta(ge=1, le=2**32 - 1)]
Instant = Annotated[datetime, Meta(tz=True)]
Text = Annotated[str, Meta(max_length=TEXT)]
Words = Annotated[str, Meta(max_length=REASON)]
Percent = Annotated[int, Meta(ge=0, le=100)]
DurationS = Annotated[float, Meta(ge=0, le=DURATION_S)]

_Length = Meta(min_length=1, max_length=BLOCK_SAMPLES)
Seconds = Annotated[list[Annotated[int, Meta(ge=0, le=65535)]], _Length]
Signs = Annotated[list[Annotated[int, Meta(ge=0, le=255)]], _Length]
Amounts = Annotated[list[Annotated[float, Meta(ge=0, le=1e6)] | None], _Length]
Celsius = Annotated[list[Annotated[float, Meta(ge=-60, le=200)] | None], _Length]
Ohms = Annotated[list[Annotated[float, Meta(ge=0, le=1e7)] | None], _Length]
Percents = Annotated[list[Percent | None], _Length]


class Columns(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """The quantities of consecutive samples, a list each and all of one length; names and units as in `Measurement`.

    A quantity that the device never gives is absent; one that is missing from a single sample is null there.
    """

    active_s: Seconds
    remaining_s: Seconds
    signs: Signs
    irradiance_mw_per_cm2: Amounts | None = None
    fluence_j_per_cm2: Amounts | None = None
    rf_power_w: Amounts | None = None
    rf_energy_j: Amounts | None = None
    skin_celsius: Celsius | None = None
    impedance_ohm: Ohms | None = None
    battery_percent: Percents | None = None


COLUMN_NAMES: Final = Columns.__struct_fields__


class SampleBlock(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """Consecutive samples of one session, from sample number `first`, all in one state and zone.

    `received_at`: the gateway's time at the last of them. `epoch`: see `DeviceDescription`.
    """

    device: Uid
    counter: Counter
    modality: Modality
    state: DeviceState
    first: U32
    received_at: Instant
    columns: Columns
    zone: Zone | None = None
    epoch: Uid | None = None

    @property
    def count(self) -> int:
        """How many samples."""
        return len(self.columns.active_s)


class Gap(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """Samples `first` to `last` that the device produced and the service will never get."""

    device: Uid
    counter: Counter
    first: U32
    last: U32
    epoch: Uid | None = None


class StoredRecord(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """A device's record of a session, byte for byte; `family` names the driver that reads it."""

    device: Uid
    family: Text
    data: Annotated[bytes, Meta(min_length=1, max_length=512)]
    received_at: Instant
    epoch: Uid | None = None


class SeenAnchor(Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """A device's tick, and the gateway's time when it was read, give or take the uncertainty."""

    device: Uid
    timeline: U32
    tick_s: DurationS
    at: Instant
    uncertainty_s: DurationS


class ReportedMark(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """A state that a device reported of itself, as `Mark`."""

    device: Uid
    at: Instant
    state: DeviceState
    newest: U32
    timeline: U32
    lockout: Lockout | None = None
    faults: Annotated[list[Fault], Meta(max_length=len(Fault))] = []
    battery_percent: Percent | None = None


class SeenDevice(Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """What a device says it is, as `DeviceDescription`."""

    device: Uid
    family: Text
    modality: Modality
    model: Text
    serial: Text
    firmware: Text
    features: Annotated[list[Feature], Meta(max_length=len(Feature))]


class LinkStatus(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """Whether the gateway has a connection to a device now, and when it last heard from it.

    `messages_lost`: numbers that its messages skipped since it last started; None for a device that numbers none.
    """

    device: Uid
    connected: bool
    heard_at: Instant
    rssi_dbm: Annotated[int, Meta(ge=-127, le=20)] | None = None
    messages_lost: U32 | None = None


class SeenClock(Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """The gateway's clock in one boot, held against the service's: both at one moment, give or take the uncertainty.

    Within a boot the gateway's clock is steady: it never steps, whatever the machine's time does.
    """

    boot: U32
    at: Instant
    service_at: Instant
    uncertainty_s: DurationS


class OrderOutcome(StrEnum):
    """What came of an order."""

    TAKEN = "taken"
    DONE = "done"
    REFUSED = "refused"
    UNSUPPORTED = "unsupported"
    UNREACHABLE = "unreachable"
    EXPIRED = "expired"


class ReportedOrder(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """What came of an order: `wish` as in `Stop` or `Desired`."""

    device: Uid
    wish: Annotated[str, Meta(pattern="^[0-9a-f]{32}$")]
    outcome: OrderOutcome
    at: Instant
    detail: Words = ""


class GuardStop(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """The local guard had a device stop: in which session, for which rule, in which words, and whether it obeyed."""

    device: Uid
    counter: Counter
    rule: Text
    because: Words
    at: Instant
    outcome: OrderOutcome
    epoch: Uid | None = None


class IncidentKind(StrEnum):
    """What can go wrong with a gateway itself."""

    OUTBOX_DAMAGED = "outbox damaged"
    OUTBOX_FULL = "outbox full"
    DISK_FAILED = "disk failed"
    UNREADABLE_MESSAGE = "unreadable message"


class Incident(Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """Something that went wrong with the gateway itself, from `at` until `until`, in words for the operator."""

    kind: IncidentKind
    at: Instant
    until: Instant
    detail: Words


class Body(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag_field="kind", tag="home"):
    """All of one batch: from one boot of the gateway, and all instants by the clock of that boot; `boot` only rises."""

    sealed_at: Instant
    boot: U32
    devices: Annotated[list[SeenDevice], Meta(max_length=ITEMS)] = []
    anchors: Annotated[list[SeenAnchor], Meta(max_length=ITEMS)] = []
    marks: Annotated[list[ReportedMark], Meta(max_length=ITEMS)] = []
    samples: Annotated[list[SampleBlock], Meta(max_length=ITEMS)] = []
    gaps: Annotated[list[Gap], Meta(max_length=ITEMS)] = []
    records: Annotated[list[StoredRecord], Meta(max_length=ITEMS)] = []
    links: Annotated[list[LinkStatus], Meta(max_length=ITEMS)] = []
    clocks: Annotated[list[SeenClock], Meta(max_length=ITEMS)] = []
    orders: Annotated[list[ReportedOrder], Meta(max_length=ITEMS)] = []
    guard_stops: Annotated[list[GuardStop], Meta(max_length=ITEMS)] = []
    incidents: Annotated[list[Incident], Meta(max_length=ITEMS)] = []


DeviceItem = (
    SeenDevice | SeenAnchor | ReportedMark | SampleBlock | Gap | StoredRecord | LinkStatus | ReportedOrder | GuardStop
)
Item = DeviceItem | SeenClock | Incident

encode_body = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Body).decode


def decode_body(text: bytes) -> Body:
    """Decode a body and check that it agrees with itself. Raises BodyError with the place in `where`.

    U+0000, which no store of texts takes, reads as U+FFFD: what a device calls itself must not cost a batch.
    """
    try:
        body = _decode(text.replace(rb"\u0000", rb"\ufffd"))
    except msgspec.ValidationError as error:
        problem, _, path = str(error).partition(" - at `$")
        raise BodyError("body" + path.rstrip("`"), problem) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BodyError("body", str(error)) from error
    for where, problem in _contradictions(body):
        raise BodyError(where, problem)
    return body


def _contradictions(body: Body) -> Iterator[tuple[str, str]]:
    for index, block in enumerate(body.samples):
        if len({len(column) for column in astuple(block.columns) if column}) > 1:
            yield from _uneven(block, f"body.samples[{index}]")
    for index, gap in enumerate(body.gaps):
        if gap.last < gap.first:
            yield f"body.gaps[{index}].last", f"{gap.last} lies before the first, {gap.first}"


def _uneven(block: SampleBlock, where: str) -> Iterator[tuple[str, str]]:
    for name in COLUMN_NAMES:
        column = getattr(block.columns, name)
        if column is not None and len(column) != block.count:
            yield f"{where}.columns.{name}", f"{len(column)} values for {block.count} samples"
