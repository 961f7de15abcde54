"""Hold what the service stored against what the devices did: journals on the one side, stores on the other.

Nothing here asks the code under test what to expect: what was produced is in the journals, which devices write in
their own process, and what must be raised is in the scenario.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from itertools import chain
from typing import Any, Final

from firmware_bridge.virtual.journal import EndLine, JournalLine, RecordLine
from firmware_bridge.virtual.people import Begin
from lumenward.demo.journals import Told
from lumenward.demo.scenario import Expected, Person, people
from lumenward.demo.stored import Stored, StoredSession
from lumenward.demo.world import World
from vocabulary.identity import DeviceUid

HIGH_S: Final = 1.0
OTHERS_S: Final = 5.0
"""How long after its moment an alert may be stored: a high one, and any other."""

_ETS_FLAGS_AT: Final = 16
_CURRENT_TIMELINE: Final = 0x20


class Kind(StrEnum):
    """What can be wrong."""

    UNFINISHED = "unfinished"
    RECORD = "record"
    SAMPLES = "samples"
    UNPLANNED_GAP = "unplanned gap"
    CONFLICT = "conflict"
    QUARANTINED = "quarantined"
    ALERT = "alert"
    LATE = "late"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is not as it must be: of what kind, and what, in words."""

    kind: Kind
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RaisedAlert:
    """An alert as stored, and the real seconds from its moment in the device; None when it was not expected."""

    rule: str
    device: str
    session: int
    severity: str
    seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The figures of a demo, and everything that is not as it must be (empty: all is well)."""

    devices: int
    sessions_recorded: int
    sessions_stored: int
    samples_produced: int
    samples_stored: int
    samples_in_gaps: int
    conflicts: int
    quarantined: int
    alerts_expected: int
    alerts: tuple[RaisedAlert, ...]
    problems: tuple[Problem, ...]

    def figures(self) -> dict[str, Any]:
        """As values for JSON."""
        return asdict(self) | {"problems": [problem.words for problem in self.problems]}


@dataclass(frozen=True, slots=True)
class _Produced:
    """What a device's journal says of one session."""

    person: Person
    counter: int
    samples: int
    record: bytes


def weigh(world: World, told: Told, stored: Stored) -> Verdict:
    """Compare what is stored now with what the devices have told so far."""
    everybody = people(world.homes)
    produced = tuple(chain.from_iterable(_produced(person, told[person.uid]) for person in everybody))
    alerts, alert_problems = _alerts(everybody, told, stored)
    problems = (
        *_unfinished(everybody, produced),
        *chain.from_iterable(
            _session_problems(one, stored.sessions.get((one.person.uid, one.counter))) for one in produced
        ),
        *_surplus(produced, stored),
        *alert_problems,
        *(Problem(Kind.UNFINISHED, words) for words in stored.waiting),
    )
    return Verdict(
        devices=len(everybody),
        sessions_recorded=len(produced),
        sessions_stored=sum(1 for session in stored.sessions.values() if session.records),
        samples_produced=sum(one.samples for one in produced),
        samples_stored=sum(session.samples for session in stored.sessions.values()),
        samples_in_gaps=sum(session.missing for session in stored.sessions.values()),
        conflicts=sum(1 for session in stored.sessions.values() if session.conflict),
        quarantined=stored.quarantined,
        alerts_expected=sum(len(person.expected) for person in everybody),
        alerts=alerts,
        problems=problems,
    )


def _produced(person: Person, journal: Sequence[JournalLine]) -> Iterator[_Produced]:
    ended = {line.counter: line.samples for line in journal if isinstance(line, EndLine)}
    for line in journal:
        if isinstance(line, RecordLine):
            yield _Produced(person, line.counter, ended[line.counter], line.record)


def _unfinished(everybody: Sequence[Person], produced: Sequence[_Produced]) -> Iterator[Problem]:
    recorded = Counter(one.person.name for one in produced)
    for person in everybody:
        planned = sum(1 for step in person.script if isinstance(step.act, Begin))
        if recorded[person.name] != planned:
            words = f"{person.uid}: {recorded[person.name]} of {planned} sessions are over"
            yield Problem(Kind.UNFINISHED, words)


def _session_problems(one: _Produced, session: StoredSession | None) -> Iterator[Problem]:
    name = f"{one.person.uid}:{one.counter}"
    if session is None:
        yield Problem(Kind.RECORD, f"{name}: not stored")
        return
    if [comparable(record) for record in session.records] != [comparable(one.record)]:
        yield Problem(Kind.RECORD, f"{name}: {len(session.records)} records stored, not the device's one")
    if session.samples + session.missing != one.samples:
        words = f"{name}: {one.samples} samples produced, {session.samples} stored and {session.missing} in gaps"
        yield Problem(Kind.SAMPLES, words)
    if session.missing and one.counter not in one.person.sessions_with_gaps:
        yield Problem(Kind.UNPLANNED_GAP, f"{name}: {session.missing} samples in gaps, and no fault was planted")
    if session.conflict:
        yield Problem(Kind.CONFLICT, f"{name}: {session.conflict}")


def comparable(record: bytes) -> bytes:
    """A record without the bit that may change between two reads of it (device profile, Sync)."""
    flags = record[_ETS_FLAGS_AT] & ~_CURRENT_TIMELINE
    return record[:_ETS_FLAGS_AT] + bytes([flags]) + record[_ETS_FLAGS_AT + 1 :]


def _surplus(produced: Sequence[_Produced], stored: Stored) -> Iterator[Problem]:
    known = {(one.person.uid, one.counter) for one in produced}
    for (device, counter), session in stored.sessions.items():
        if session.records and (device, counter) not in known:
            yield Problem(Kind.RECORD, f"{device}:{counter}: stored, and no device has it")
    if stored.quarantined:
        yield Problem(Kind.QUARANTINED, f"{stored.quarantined} batches or records are quarantined")


def _alerts(everybody: Sequence[Person], told: Told, stored: Stored) -> tuple[tuple[RaisedAlert, ...], list[Problem]]:
    wanted: dict[tuple[str, int, str], Expected] = {
        (person.uid, expected.session, expected.rule): expected for person in everybody for expected in person.expected
    }
    raised: list[RaisedAlert] = []
    problems: list[Problem] = []
    for alert in stored.alerts:
        expected = wanted.pop((alert.device, alert.session, alert.rule), None)
        seconds = None if expected is None else _seconds(told[DeviceUid(alert.device)], expected, alert.stored_at)
        raised.append(
            RaisedAlert(
                rule=alert.rule, device=alert.device, session=alert.session, severity=alert.severity, seconds=seconds
            )
        )
        problems += _alert_problems(raised[-1], expected)
    problems += [Problem(Kind.ALERT, f"{device}:{session}: {rule} was not raised") for device, session, rule in wanted]
    return tuple(raised), problems


def _seconds(journal: Sequence[JournalLine], expected: Expected, stored_at: datetime) -> float:
    try:
        moment = expected.moment(journal, expected.session)
    except LookupError:
        return float("inf")
    return round((stored_at - moment).total_seconds(), 3)


def _alert_problems(alert: RaisedAlert, expected: Expected | None) -> Iterator[Problem]:
    name = f"{alert.device}:{alert.session}: {alert.rule}"
    if expected is None:
        yield Problem(Kind.ALERT, f"{name} ({alert.severity}) was raised, and nobody planted it")
        return
    if alert.severity != expected.severity:
        yield Problem(Kind.ALERT, f"{name} is {alert.severity}, not {expected.severity}")
    allowed = HIGH_S if alert.severity == "high" else OTHERS_S
    if alert.seconds is None or not -1 <= alert.seconds <= allowed:
        yield Problem(Kind.LATE, f"{name} was stored {alert.seconds} s after its moment, allowed are {allowed}")
