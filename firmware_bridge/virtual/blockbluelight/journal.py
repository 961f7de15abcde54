"""A panel's journal: when its light was truly on, whoever asked. JSON lines, each flushed as it is written."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from firmware_bridge.virtual.blockbluelight.panel import By, Happening, SwitchedOn
from firmware_bridge.virtual.fields import Fields
from firmware_bridge.virtual.journal import Line, LinkEvent, LinkLine


@dataclass(frozen=True, slots=True, kw_only=True)
class OnLine(Line):
    """The light went on."""

    by: By
    timer: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class OffLine(Line):
    """The light went off, after so long."""

    by: By
    lit: timedelta


PanelLine = OnLine | OffLine | LinkLine


class PanelJournal:
    """The journal of one panel, in a new file; `real` gives the real time of writing."""

    def __init__(self, path: Path, real: Callable[[], datetime]) -> None:
        self._real = real
        self._file = path.open("w", encoding="utf-8", buffering=1)

    def write(self, happening: Happening, civil: datetime) -> None:
        """Note what happened to the light at a civil time."""
        if isinstance(happening, SwitchedOn):
            self._write(civil, {"kind": "on", "by": happening.by, "timer_s": happening.timer.total_seconds()})
        else:
            self._write(civil, {"kind": "off", "by": happening.by, "lit_s": happening.lit.total_seconds()})

    def note_link(self, event: LinkEvent, civil: datetime) -> None:
        """Note what happened to its radio."""
        self._write(civil, {"kind": "link", "event": event})

    def close(self) -> None:
        """No more lines."""
        self._file.close()

    def _write(self, civil: datetime, told: dict[str, object]) -> None:
        line = {"real": self._real().isoformat(), "civil": civil.isoformat(), **told}
        self._file.write(json.dumps(line, separators=(",", ":")) + "\n")


def read_panel_journal(path: Path) -> tuple[PanelLine, ...]:
    """The lines of a journal; one that is still being written is left out. Raises DefinitionError."""
    lines = path.read_bytes().split(b"\n")[:-1]
    return tuple(_read(Fields.parse(f"{path.name}:{number}", line)) for number, line in enumerate(lines, 1))


def _read(fields: Fields) -> PanelLine:
    real, civil = fields.instant("real"), fields.instant("civil")
    line = fields.choice("kind", _READERS)(fields, real, civil)
    fields.done()
    return line


def _on_line(fields: Fields, real: datetime, civil: datetime) -> OnLine:
    return OnLine(real=real, civil=civil, by=fields.choice("by", _BY), timer=fields.seconds("timer_s"))


def _off_line(fields: Fields, real: datetime, civil: datetime) -> OffLine:
    return OffLine(real=real, civil=civil, by=fields.choice("by", _BY), lit=fields.seconds("lit_s"))


def _link_line(fields: Fields, real: datetime, civil: datetime) -> LinkLine:
    return LinkLine(real=real, civil=civil, event=fields.choice("event", _EVENTS))


_BY: Final = {one.value: one for one in By}
_EVENTS: Final = {event.value: event for event in LinkEvent}
_READERS: Final[dict[str, Callable[[Fields, datetime, datetime], PanelLine]]] = {
    "on": _on_line,
    "off": _off_line,
    "link": _link_line,
}
