"""What is known of one session, gathered from its samples and its record, before any judgement."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from itertools import groupby, pairwise
from statistics import median
from typing import Final

from msgspec import Struct

from clinical.plan import Cem43Levels, Level
from clinical.practice import Practice
from vocabulary.devices import DeviceState, Fault, Feature, Modality, Zone
from vocabulary.identity import RegimenId, SessionId
from vocabulary.instants import Placed
from vocabulary.light import Band, BandOutput
from vocabulary.quantities import Quantity
from vocabulary.readings import EndReason, Sign

SAMPLE: Final = timedelta(seconds=1)
"""From one sample to the next, pauses included (device profile, Sessions)."""

_PAUSED: Final = int(Sign.PAUSED)  # plain numbers: the operators of a flag cost ten times as much, and samples are many
_CONTACT: Final = int(Sign.CONTACT)
_EMITTING: Final = DeviceState.EMITTING


class Samples(Struct, frozen=True, kw_only=True, dict=True):
    """A session's samples in order, a tuple each and all of one length; numbers missing in `sequence` never came.

    `level` is what the device put out, mW/cm² with LED and W with RF. A zone is None where several are treated at once.
    """

    sequence: tuple[int, ...]
    state: tuple[DeviceState, ...]
    signs: tuple[int, ...]
    skin_celsius: tuple[float | None, ...]
    zone: tuple[Zone | None, ...]
    level: tuple[float | None, ...]
    impedance_ohm: tuple[float | None, ...]

    @cached_property
    def emitting(self) -> tuple[int, ...]:
        """Indices of the samples during which energy was due: emitting, not paused."""
        emitting = [
            index
            for index, (state, signs) in enumerate(zip(self.state, self.signs, strict=True))
            if state is _EMITTING and not signs & _PAUSED
        ]
        return tuple(emitting)

    @cached_property
    def contact_fraction(self) -> float | None:
        """The part of the emitting samples with contact; None when there are none."""
        touching = [index for index in self.emitting if self.signs[index] & _CONTACT]
        return len(touching) / len(self.emitting) if self.emitting else None

    def median_level(self) -> float | None:
        """What the device put out while it emitted, by the median; None when it never said."""
        return (
            median(levels) if (levels := [one for i in self.emitting if (one := self.level[i]) is not None]) else None
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Consecutive samples, by number, for which something held, and for how long at least."""

    first: int
    last: int
    lasted: timedelta


def longest_run(samples: Samples, holds: Callable[[int], bool], *, across_gaps: bool = False) -> Run | None:
    """The longest run of samples for whose index `holds` is true.

    A sample that was not received ends a run, unless `across_gaps`, which takes it as holding.
    """
    if not samples.sequence:
        return None
    segments = _segments(samples, across_gaps=across_gaps)
    runs = [
        Run(first=numbers[0], last=numbers[-1], lasted=(numbers[-1] - numbers[0]) * SAMPLE)
        for segment in segments
        for held, members in groupby(segment, key=holds)
        if held and (numbers := [samples.sequence[index] for index in members])
    ]
    return max(runs, key=lambda run: run.lasted, default=None)


def _segments(samples: Samples, *, across_gaps: bool) -> Iterator[range]:
    size = len(samples.sequence)
    breaks = [
        index + 1
        for index, (number, following) in enumerate(pairwise(samples.sequence))
        if following != number + 1 and not across_gaps
    ]
    return (range(start, end) for start, end in pairwise((0, *breaks, size)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """How far a device's figures can be trusted; None where nobody has measured it."""

    dose_fraction: float | None
    skin_celsius: float | None


UNMEASURED: Final = Calibration(dose_fraction=None, skin_celsius=None)


class Rest(Struct, frozen=True, kw_only=True):
    """The time from the end of the session before to the start of this one, and how sure that is."""

    shortest: timedelta
    longest: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class RegimenVersion:
    """Which version of which regimen a session is held against."""

    id: RegimenId
    version: int


class Planned(Struct, frozen=True, kw_only=True):
    """What the session was to be by the phase of its regimen, and for whom.

    Without programmes, zones, a level or phototypes any will do; without CEM43 levels nobody watches that.
    """

    dose: Quantity
    duration: timedelta
    programs: tuple[int, ...]
    zones: tuple[Zone, ...]
    level: Level | None
    cem43: Cem43Levels | None
    phototypes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wearer:
    """What is known of the patient's skin; None where nobody has asked.

    `phototype` after Fitzpatrick, I to VI. `photosensitised`: by a drug or a disorder that makes light a danger.
    """

    phototype: str | None
    photosensitised: bool | None


class DeviceFacts(Struct, frozen=True, kw_only=True):
    """What is known of the device apart from the session: what it puts out by programme."""

    outputs: tuple[BandOutput, ...]


class Told(Struct, frozen=True, kw_only=True):
    """What the device's record says of the session as a whole."""

    program: int
    zones: tuple[Zone, ...]
    firmware: str
    faults: tuple[Fault, ...]
    end_reason: EndReason


class SessionFacts(Struct, frozen=True, kw_only=True):
    """One session as far as it is known.

    `recorded`: the device's own account is here, and `told` is what it says; until then the session may still be
    running, and silence proves nothing. `started` is None when nothing places it in civil time. `rest` is None when no
    session came before, `planned` when no regimen was in force; `ran_out` is the last day of one whose phases are over.
    `practice`: the clinic's figures when it began.
    """

    session: SessionId
    modality: Modality
    features: tuple[Feature, ...]
    regimen: RegimenVersion | None
    recorded: bool
    started: Placed | None
    active: timedelta
    dose: Quantity | None
    highest_skin_celsius: float | None
    samples: Samples
    missing: int
    rest: Rest | None
    calibration: Calibration
    told: Told | None
    planned: Planned | None
    wearer: Wearer
    device: DeviceFacts
    practice: Practice
    ran_out: date | None = None

    def bands(self) -> frozenset[Band] | None:
        """The parts of the spectrum that it shone in; None while its programme is not known, or what that puts out."""
        if self.told is None:
            return None
        shone = frozenset(output.band for output in self.device.outputs if output.program == self.told.program)
        return shone or None
