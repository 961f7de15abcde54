"""The triage list: a row for each patient, those first whom a person must see to."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from math import ceil
from typing import Final

from alerts.life import State
from clinical.adherence.horizon import Standing
from clinical.plan import Phase
from monitor_api.http.queries.alerts import SeenAlert
from monitor_api.http.queries.devices import Device
from monitor_api.http.queries.summaries import SeenSummary
from monitor_api.http.queries.triage import TriageFacts
from monitor_api.screens.definitions import RUNNING_FOR, WEEK_DAYS
from monitor_api.screens.histories import DAYS, History, histories
from monitor_api.screens.progress import Progress, progress
from monitor_api.screens.strip import Cell, Kind, strip
from monitor_api.screens.words import count, device_name
from vocabulary.devices import Modality
from vocabulary.identity import DeviceUid, PatientId
from vocabulary.severity import Severity

_NEVER: Final = datetime(1, 1, 1, tzinfo=UTC)
_WEEK: Final = timedelta(days=7)
_HELPS: Final = frozenset({Standing.REACHABLE, Standing.UNCERTAIN})
_UNTOLD: Final = (len(Standing), date.max, 0)
"""Where a row stands of which no target is known: behind all of which one is."""


class Show(StrEnum):
    """Which rows to show."""

    ALL = "all"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    HELP = "help"
    SILENT = "silent"


SEVERITIES: Final = {Show.HIGH: Severity.HIGH, Show.MEDIUM: Severity.MEDIUM, Show.LOW: Severity.LOW}


@dataclass(frozen=True, slots=True)
class Attention:
    """What calls for somebody: open alerts, those that nobody took on first, then the worst, then the oldest."""

    alerts: tuple[SeenAlert, ...]

    @classmethod
    def to(cls, alerts: Iterable[SeenAlert]) -> "Attention":
        """Alerts in any order."""
        return cls(tuple(sorted(alerts, key=lambda one: (*_urgency(one), one.raised_at))))

    @property
    def worst(self) -> SeenAlert | None:
        """What comes first."""
        return self.alerts[0] if self.alerts else None

    @property
    def firing(self) -> tuple[SeenAlert, ...]:
        """What nobody took on yet."""
        return tuple(one for one in self.alerts if one.state is State.FIRING)

    @property
    def severity(self) -> Severity | None:
        """How bad the worst is that nobody took on."""
        return self.firing[0].severity if self.firing else None

    @property
    def more(self) -> int:
        """How many others stand beside the first."""
        return max(0, len(self.firing or self.alerts) - 1)

    @property
    def place(self) -> str:
        """Differs whenever the row belongs elsewhere in the list."""
        return " ".join(f"{one.severity}:{one.id.hex[:8]}" for one in self.firing)


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """Sessions of the last seven therapy days, of those a week that a regimen asks for, None where none does."""

    modality: Modality | None
    done: int
    asked: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """When something was last heard: data of a session, the device, its gateway; None for never."""

    data_at: datetime | None
    device_at: datetime | None
    gateway_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A line of the list: a patient, or a device that is nobody's and has an alert.

    `silent`: nothing is known of any of the last seven therapy days. `held`: no session is to run on a device of
    theirs. `running_until`: a session is running, as far as is known now, and this is how long that may be said
    without hearing of it again; None when none is.
    """

    key: str
    patient: PatientId | None
    href: str
    name: str
    about: str
    attention: Attention
    cells: tuple[Cell, ...]
    weeks: tuple[Week, ...]
    summaries: tuple[SeenSummary, ...]
    devices: tuple[Device, ...]
    heard: Heard
    silent: bool
    held: bool
    running_until: datetime | None

    @property
    def summary(self) -> str:
        """The days in words."""
        return in_words(self.cells)

    @property
    def salvage(self) -> tuple[int, date, int]:
        """Sorts those first whom a call helps most: by that of their targets which it helps most."""
        return min((one.ahead.salvage for one in self.summaries if one.ahead), default=_UNTOLD)

    @property
    def telling(self) -> tuple[SeenSummary, ...]:
        """The summaries in which something was due, or is."""
        return tuple(one for one in self.summaries if one.share or one.ahead)

    @property
    def instants(self) -> tuple[datetime | None, ...]:
        """Whatever the row tells the age of."""
        worst = self.attention.worst
        taken = worst and worst.acknowledgement
        judged = (one.judged_at for one in self.telling)
        return (taken.at if taken else worst and worst.raised_at, *astuple(self.heard), *judged)

    def is_in(self, show: Show) -> bool:
        """Whether a filter lets the row through."""
        match show:
            case Show.ALL:
                return True
            case Show.SILENT:
                return self.silent
            case Show.HELP:
                return any(one.ahead and one.ahead.standing in _HELPS for one in self.summaries)
            case _:
                return self.attention.severity is SEVERITIES[show]

    def is_named(self, text: str) -> bool:
        """Whether name or number hold a text."""
        return text.casefold().strip() in f"{self.name} {self.about}".casefold()


def rows(facts: TriageFacts, now: datetime) -> tuple[Row, ...]:
    """All rows: by severity, then what has waited longest; then what is taken on; then by what a call saves."""
    patients = (_patient_row(one, now) for one in histories(facts, now))
    return tuple(sorted((*patients, *_device_rows(facts)), key=_order))


def weeks(history: History, now: datetime) -> tuple[Week, ...]:
    """The week of each regimen in force; of all sessions together where there is none."""
    days = {span.day for span in history.days.last(WEEK_DAYS, now)}
    held = [one for one in history.sessions if one.placed and history.days.of(one.placed.at) in days]
    if not history.in_force:
        return (Week(modality=None, done=len(held), asked=None),)
    return tuple(
        Week(
            modality=one.regimen.modality,
            done=sum(session.modality is one.regimen.modality for session in held),
            asked=_weekly(one.phase_at(now)),
        )
        for one in history.in_force
    )


def _weekly(phase: Phase | None) -> int:
    """Sessions a week, rounded up; none outside of all phases."""
    return 0 if phase is None else ceil(phase.timing.frequency * _WEEK / phase.timing.period)


def in_words(cells: Sequence[Cell]) -> str:
    """A strip for who does not see it."""
    kinds = [cell.kind for cell in cells]
    used = sum(kinds.count(kind) for kind in (Kind.DOSE, Kind.OVER, Kind.UNMEASURED))
    said = [f"{count(used, 'day')} with a session"]
    for kind, words in ((Kind.OVER, "over the limit"), (Kind.NONE, "without a session"), (Kind.UNKNOWN, "no data")):
        if kind in kinds:
            said.append(f"{kinds.count(kind)} {words}")
    return f"Last {len(cells)} days: {', '.join(said)}"


def _urgency(alert: SeenAlert) -> tuple[bool, int]:
    return (alert.state is not State.FIRING, alert.severity.rank)


def salvage_order(row: Row) -> tuple[tuple[int, date, int], datetime, str]:
    """Sorts by what a call can still save, then by the age of the data."""
    return row.salvage, row.heard.data_at or _NEVER, row.name


def _order(row: Row) -> tuple[bool, tuple[bool, int, datetime], tuple[tuple[int, date, int], datetime, str]]:
    worst = row.attention.worst
    urgency = (True, 0, _NEVER) if worst is None else (*_urgency(worst), worst.raised_at)
    return worst is None, urgency, salvage_order(row)


def _patient_row(history: History, now: datetime) -> Row:
    patient, owned = history.patient, history.devices
    cells = strip(history.days.last(DAYS, now), history.record)
    return Row(
        key=f"p-{patient.id}",
        patient=patient.id,
        href=f"/patients/{patient.id}",
        name=patient.name,
        about=patient.reference if patient.born is None else f"{patient.reference} · born {patient.born}",
        attention=Attention.to(history.alerts),
        cells=cells,
        weeks=weeks(history, now),
        summaries=history.summaries,
        devices=owned,
        heard=_heard(owned, history.heard_at),
        silent=all(cell.kind in {Kind.UNKNOWN, Kind.RUNNING} for cell in cells[-WEEK_DAYS:]),
        held=bool(history.held),
        running_until=_running_until(history, now),
    )


def _running_until(history: History, now: datetime) -> datetime | None:
    heard = (one.heard_at for one in history.sessions if progress(one, now) is Progress.RUNNING)
    return max((at + RUNNING_FOR for at in heard), default=None)


def _heard(devices: Sequence[Device], data_at: datetime | None) -> Heard:
    return Heard(
        data_at=data_at,
        device_at=max((one.link.device_heard_at for one in devices), default=None),
        gateway_at=max((at for one in devices if (at := one.link.gateway_heard_at)), default=None),
    )


def _device_rows(facts: TriageFacts) -> Iterator[Row]:
    """Devices that were nobody's when what they did called for somebody."""
    of_device: dict[DeviceUid, list[SeenAlert]] = defaultdict(list)
    for alert in facts.alerts:
        if alert.patient_id is None and alert.device_uid is not None:
            of_device[alert.device_uid].append(alert)
    for device in facts.devices:
        if alerts := of_device.get(device.uid):
            yield _device_row(device, Attention.to(alerts), held=device.uid in facts.held)


def _device_row(device: Device, attention: Attention, *, held: bool) -> Row:
    return Row(
        key=f"d-{device.uid}",
        patient=None,
        href=f"/sessions/{attention.alerts[0].session_id}",
        name="Nobody's device",
        about=f"{device_name(device.modality)} {device.serial or device.uid}",
        attention=attention,
        cells=(),
        weeks=(),
        summaries=(),
        devices=(device,),
        heard=_heard((device,), None),
        silent=False,
        held=held,
        running_until=None,
    )
