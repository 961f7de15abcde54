"""A device's journal: what it did, in its own words, whoever heard it. JSON lines, each flushed as it is written.

It is the truth that the product is held against, so it is written from the device's state and never from what a
link delivered.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from firmware_bridge.virtual.fields import Fields
from firmware_bridge.virtual.hets.codes import EndReason, Result, State
from firmware_bridge.virtual.hets.happenings import (
    Began,
    Ended,
    Happening,
    PowerChanged,
    Pressed,
    Recorded,
    Refused,
    Sampled,
    StateChanged,
)


class LinkEvent(StrEnum):
    """What happened to the device's radio."""

    OUT_OF_RANGE = "out of range"
    IN_RANGE = "in range"
    PAIRING_OPEN = "pairing open"
    CONNECTED = "connected"
    BONDED = "bonded"
    DISCONNECTED = "disconnected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What every line has: the real and the civil time of what it tells."""

    real: datetime
    civil: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerLine(Line):
    """Power came, and with it a timeline, or went."""

    on: bool
    timeline: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PressLine(Line):
    """A person pressed the button."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BeginLine(Line):
    """A session began."""

    counter: int
    program: int
    planned: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedLine(Line):
    """A person wanted a session and did not get one."""

    program: int
    result: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleLine(Line):
    """One second of a session. Level and the running dose in the unit of the modality (mW/cm², J/cm²; W, J)."""

    counter: int
    sequence: int
    level: float
    dose: float
    skin_celsius: float
    impedance_ohm: float | None
    contact: bool
    live: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class EndLine(Line):
    """A session ended, after so many samples; after a loss of power its record follows when power is back."""

    counter: int
    reason: EndReason
    samples: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordLine(Line):
    """A record was stored: its 56 bytes, the bit "current timeline" clear."""

    counter: int
    record: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class StateLine(Line):
    """What State reads from now on."""

    state: State
    report: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkLine(Line):
    """The radio."""

    event: LinkEvent


JournalLine = PowerLine | PressLine | BeginLine | RefusedLine | SampleLine | EndLine | RecordLine | StateLine | LinkLine


class Journal:
    """The journal of one device, in a new file; `real` gives the real time of writing."""

    def __init__(self, path: Path, real: Callable[[], datetime]) -> None:
        self._real = real
        self._file = path.open("w", encoding="utf-8", buffering=1)

    def write(self, happening: Happening, civil: datetime) -> None:
        """Note what happened in the device at a civil time."""
        self._write(civil, _told(happening))

    def note_link(self, event: LinkEvent, civil: datetime) -> None:
        """Note what happened to its radio."""
        self._write(civil, {"kind": "link", "event": event})

    def close(self) -> None:
        """No more lines."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.close()

    def _write(self, civil: datetime, told: dict[str, object]) -> None:
        line = {"real": self._real().isoformat(), "civil": civil.isoformat(), **told}
        self._file.write(json.dumps(line, separators=(",", ":")) + "\n")


class JournalReader:
    """Reads a journal while it is written: each line once, and all of them whenever it is asked."""

    def __init__(self, path: Path) -> None:
        self._path, self._read_to = path, 0
        self._lines: list[JournalLine] = []

    def lines(self) -> tuple[JournalLine, ...]:
        """The lines until now; one that is still being written is left out. Raises DefinitionError."""
        with self._path.open("rb") as file:
            file.seek(self._read_to)
            new = file.read()
        for line in new.split(b"\n")[:-1]:
            self._lines.append(_read(Fields.parse(f"{self._path.name}:{len(self._lines) + 1}", line)))
            self._read_to += len(line) + 1
        return tuple(self._lines)


def read_journal(path: Path) -> tuple[JournalLine, ...]:
    """The lines of a journal; one that is still being written is left out. Raises DefinitionError."""
    return JournalReader(path).lines()


def _told(happening: Happening) -> dict[str, object]:  # noqa: PLR0911  # one for each kind
    match happening:
        case Sampled():
            return _told_sample(happening)
        case PowerChanged(_, on, timeline):
            return {"kind": "power", "on": on, "timeline": timeline}
        case Pressed():
            return {"kind": "press"}
        case Began(_, counter, program, planned):
            return {"kind": "begin", "counter": counter, "program": program, "planned_s": planned.total_seconds()}
        case Refused(_, program, result):
            return {"kind": "refused", "program": program, "result": result.name}
        case Ended(_, counter, reason, samples):
            return {"kind": "end", "counter": counter, "reason": reason.name, "samples": samples}
        case Recorded(_, counter, record):
            return {"kind": "record", "counter": counter, "record": record.hex()}
        case StateChanged(_, report):
            return {"kind": "state", "state": report.state.name, "report": report.encode().hex()}


def _told_sample(sample: Sampled) -> dict[str, object]:
    sensed = sample.sensed
    return {
        "kind": "sample",
        "counter": sample.counter,
        "sequence": sample.sequence,
        "level": round(sensed.level, 4),
        "dose": round(sample.dose, 6),
        "skin_celsius": round(sensed.skin_celsius, 4),
        "impedance_ohm": sensed.impedance_ohm,
        "contact": sensed.contact,
        "live": sample.frame.hex(),
    }


def _read(fields: Fields) -> JournalLine:
    real, civil = fields.instant("real"), fields.instant("civil")
    line = fields.choice("kind", _READERS)(fields, real, civil)
    fields.done()
    return line


def _sample_line(fields: Fields, real: datetime, civil: datetime) -> SampleLine:
    return SampleLine(
        real=real,
        civil=civil,
        counter=fields.whole("counter"),
        sequence=fields.whole("sequence"),
        level=fields.number("level"),
        dose=fields.number("dose"),
        skin_celsius=fields.number("skin_celsius"),
        impedance_ohm=fields.optional("impedance_ohm", fields.number),
        contact=fields.truth("contact"),
        live=fields.octets("live"),
    )


def _begin_line(fields: Fields, real: datetime, civil: datetime) -> BeginLine:
    return BeginLine(
        real=real,
        civil=civil,
        counter=fields.whole("counter"),
        program=fields.whole("program"),
        planned=fields.seconds("planned_s"),
    )


def _end_line(fields: Fields, real: datetime, civil: datetime) -> EndLine:
    return EndLine(
        real=real,
        civil=civil,
        counter=fields.whole("counter"),
        reason=fields.choice("reason", EndReason.__members__),
        samples=fields.whole("samples"),
    )


def _record_line(fields: Fields, real: datetime, civil: datetime) -> RecordLine:
    return RecordLine(real=real, civil=civil, counter=fields.whole("counter"), record=fields.octets("record"))


def _state_line(fields: Fields, real: datetime, civil: datetime) -> StateLine:
    state = fields.choice("state", State.__members__)
    return StateLine(real=real, civil=civil, state=state, report=fields.octets("report"))


def _power_line(fields: Fields, real: datetime, civil: datetime) -> PowerLine:
    return PowerLine(real=real, civil=civil, on=fields.truth("on"), timeline=fields.whole("timeline"))


def _press_line(_: Fields, real: datetime, civil: datetime) -> PressLine:
    return PressLine(real=real, civil=civil)


def _refused_line(fields: Fields, real: datetime, civil: datetime) -> RefusedLine:
    result = fields.choice("result", Result.__members__)
    return RefusedLine(real=real, civil=civil, program=fields.whole("program"), result=result)


def _link_line(fields: Fields, real: datetime, civil: datetime) -> LinkLine:
    return LinkLine(real=real, civil=civil, event=fields.choice("event", _LINK_EVENTS))


_LINK_EVENTS: Final = {event.value: event for event in LinkEvent}
_READERS: Final[dict[str, Callable[[Fields, datetime, datetime], JournalLine]]] = {
    "power": _power_line,
    "begin": _begin_line,
    "press": _press_line,
    "refused": _refused_line,
    "sample": _sample_line,
    "end": _end_line,
    "record": _record_line,
    "state": _state_line,
    "link": _link_line,
}
