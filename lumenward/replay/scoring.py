"""Hold what a replay found against what was done: which of it a rule had to find, and which findings have no cause.

Rules, kept here:
- A label says what was done in physical terms. Whether that is beyond a limit is decided here, from the regimen, by
  more than the uncertainty of the device: what lies within the doubt proves nothing for or against a rule.
- What never reached the store, or only in part, is unseen. It is counted apart, as is what a rule leaves open.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from clinical.course import CourseDevice, PastSession
from clinical.regimen import STANDING_LIMITS, Limits
from clinical.verdicts import CourseFinding, Finding, Outcome
from firmware_bridge.virtual.cohort.labels import Done, Label
from monitor_api.cohorts.case import Case
from monitor_api.cohorts.replay import Judged, began_at, limits_at
from vocabulary.identity import DeviceUid, RuleId, SessionId
from vocabulary.instants import Placed

AFTER_TRIP: Final = timedelta(seconds=2)
"""Energy for longer than this after a trip is dangerous (product defaults)."""

NEAR: Final = timedelta(days=21)
"""A rule over weeks may speak so long after what was done."""


class Result(StrEnum):
    """What became of a label."""

    FIRED = "fired"
    MISSED = "missed"
    UNDETERMINED = "undetermined"
    UNSEEN = "unseen"
    WITHIN = "within"


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A label with what it is held against: the session as the store has it, its device, its limits."""

    label: Label
    past: PastSession | None
    device: CourseDevice | None
    limits: Limits
    case: Case


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """Which rules may speak of something done, the first of which has to; whether at once; when it is beyond doubt.

    `beyond` gives None where the evidence did not reach the store.
    """

    rules: tuple[RuleId, ...]
    urgent: bool
    beyond: Callable[[Held], bool | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """A label and what became of it."""

    label: Label
    rules: tuple[RuleId, ...]
    urgent: bool
    result: Result


def _overheated(held: Held) -> bool | None:
    label, limit = held.label, held.limits.skin_celsius
    doubt = (held.device and held.device.calibration.skin_celsius) or 0.0
    if limit is None or label.value is None or label.lasted is None or label.seen is None:
        return False
    if label.value.value - doubt <= limit or label.lasted < held.limits.skin_grace:
        return False
    return True if label.seen >= held.limits.skin_grace else None


def _went_on(held: Held) -> bool | None:
    label = held.label
    if label.lasted is None or label.lasted <= AFTER_TRIP:
        return False
    return True if label.seen is not None and label.seen > AFTER_TRIP else None


def _on_hold(held: Held) -> bool | None:
    if held.past is None:
        return None
    started = held.past.started
    if started is None:
        return False
    return any(
        hold.from_at <= started.earliest and (hold.until_at is None or started.latest < hold.until_at)
        for hold in (one.during for one in held.case.course.holds if one.modality in {None, held.past.modality})
    )


def _short_rest(held: Held) -> bool | None:
    if held.past is None:
        return None
    started, rest, value = held.past.started, held.limits.rest, held.label.value
    if started is None or rest is None or value is None:
        return False
    before = _before(held, started)
    if before is None:
        return None
    return timedelta(minutes=value.value) + 2 * (started.uncertainty + before.uncertainty) < rest


def _before(held: Held, started: Placed) -> Placed | None:
    """The start of the session before, if the store has it: the one that was truly before may never have come."""
    value = held.label.value
    true_rest = timedelta(minutes=value.value if value else 0)
    for past in held.case.course.sessions:
        if past.started is None or past.started.earliest > started.latest:
            continue
        if past.modality is held.label.modality and past.session != held.label.session:
            rest = started.at - past.started.at - past.elapsed
            if abs(rest - true_rest) <= started.uncertainty + past.started.uncertainty + timedelta(seconds=5):
                return past.started
    return None


def _too_long(held: Held) -> bool | None:
    if held.past is None:
        return None
    limit, value = held.limits.duration, held.label.value
    return limit is not None and value is not None and value.value - 1 > limit.total_seconds()


def _shown_by_samples(held: Held) -> bool | None:
    """Most of the session was seen without a break."""
    if held.past is None or held.label.seen is None or not held.past.recorded:
        return None
    return True if held.label.seen > held.past.active / 2 else None


def _reached(held: Held) -> bool | None:
    return True if held.past is not None else None


def _over_time(_held: Held) -> bool | None:
    """Something that goes on: how much of it a rule must see is not decided here, so it is never missed."""
    return False


def _expects(*rules: str, urgent: bool = False, beyond: Callable[[Held], bool | None] = _over_time) -> Expectation:
    return Expectation(rules=tuple(RuleId(rule) for rule in rules), urgent=urgent, beyond=beyond)


_HEAT: Final = (
    "thermal-dose-harmful",
    "thermal-dose-high",
    "thermal-dose-raised",
    "thermal-dose-noted",
    "heat-stacked",
)
_SHORT: Final = ("under-dose", "too-short")
_MUCH: Final = ("over-dose", "over-cap")
_ADDED: Final = ("too-soon", "too-many-a-day", "too-many-a-week", "off-schedule", "heat-stacked", *_MUCH)

EXPECTED: Final[Mapping[Done, Expectation]] = {
    Done.OVERHEATED_HEAD: _expects("too-hot", *_HEAT, urgent=True, beyond=_overheated),
    Done.WENT_ON_AFTER_TRIP: _expects("energy-after-trip", "too-hot", *_HEAT, *_SHORT, urgent=True, beyond=_went_on),
    Done.USED_ON_HOLD: _expects("used-on-hold", urgent=True, beyond=_on_hold),
    Done.DOUBLE_SESSION: _expects(*_ADDED, beyond=_short_rest),
    Done.SHORT_REST: _expects(*_ADDED, beyond=_short_rest),
    Done.CROSSED_ZONES: _expects(*_ADDED, beyond=_short_rest),
    Done.BORROWED: _expects("other-person", "device-cloned", "contact-lost", *_ADDED),
    Done.OVER_LONG: _expects("too-long", "drift", "heat-stacked", *_MUCH, beyond=_too_long),
    Done.WRONG_PROGRAM: _expects("wrong-programme", "contraindicated", "too-long", "wrong-level", *_SHORT, *_MUCH),
    Done.ON_THE_TABLE: _expects("not-worn", "other-person", "contact-lost", beyond=_shown_by_samples),
    Done.DRY_GEL: _expects("contact-lost", "worn-tip", beyond=_shown_by_samples),
    Done.WORN_TIP: _expects("worn-tip", "contact-lost"),
    Done.NO_EYE_SHIELD: _expects("eye-shield-off"),
    Done.UNPRESCRIBED: _expects("no-regimen", beyond=_reached),
    Done.CLOCK_LOST: _expects("clock-unknown", "clock-stepped"),
    Done.CLOCK_TAMPERED: _expects("clock-stepped", "too-soon", "device-cloned"),
    Done.RECALLED_FIRMWARE: _expects("firmware-recalled"),
    Done.OUTPUT_DRIFT: _expects("output-drift", "wrong-level", *_MUCH),
    Done.LIGHT_AFTER_HEAT: _expects("heat-stacked"),
    Done.CLONED_SERIAL: _expects("device-cloned"),
    Done.POWER_LOST: _expects(*_SHORT),
    Done.STOPPED_EARLY: _expects(*_SHORT),
    Done.GATEWAY_OFFLINE: _expects("technical-silence", "clinical-silence"),
    Done.FORGOTTEN_WEEK: _expects(
        "clinical-silence", "technical-silence", "off-schedule", "missed-slot", "partial-twice"
    ),
    Done.GAVE_UP: _expects("clinical-silence", "technical-silence", "off-schedule", "missed-slot"),
    Done.FADED: _expects("clinical-silence", "off-schedule", "missed-slot", "drift"),
}
"""What rules may say of each thing done. The first of them is the one that has to find it."""


def score(case: Case, labels: Iterable[Label], judged: Judged) -> list[Scored]:
    """What became of each label."""
    devices = {device.uid: device for device in case.course.devices}
    said = _said(judged)
    return [_score(_hold(case, label, devices), said) for label in labels]


Said = Mapping[tuple[SessionId | None, RuleId], set[Outcome]]


def _said(judged: Judged) -> Said:
    """What each rule said of each session; what one says of a course is said of its sessions and of nobody's."""
    said: dict[tuple[SessionId | None, RuleId], set[Outcome]] = {}
    for finding in judged:
        about = (finding.session,) if isinstance(finding, Finding) else (*finding.sessions, None)
        for session in about:
            said.setdefault((session, finding.rule), set()).add(finding.verdict.outcome)
    return said


def _hold(case: Case, label: Label, devices: Mapping[DeviceUid, CourseDevice]) -> Held:
    past = None if label.session is None else case.sessions.get(label.session)
    limits = limits_at(case.course, past) if past else None
    standing = STANDING_LIMITS[label.modality] if label.modality else next(iter(STANDING_LIMITS.values()))
    return Held(
        label=label,
        past=past,
        device=devices.get(label.device) if label.device else None,
        limits=limits or standing,
        case=case,
    )


def _score(held: Held, said: Said) -> Scored:
    label, expected = held.label, EXPECTED[held.label.kind]
    outcomes = said.get((label.session, expected.rules[0]), set())
    beyond = expected.beyond(held)
    if Outcome.FIRES in outcomes:
        result = Result.FIRED
    elif beyond is None:
        result = Result.UNSEEN
    elif not beyond:
        result = Result.WITHIN
    else:
        result = Result.UNDETERMINED if Outcome.UNDETERMINED in outcomes else Result.MISSED
    return Scored(label=label, rules=expected.rules, urgent=expected.urgent and beyond is not False, result=result)


UNLABELLED: Final = frozenset(
    RuleId(rule)
    for rule in (
        "missed-slot",
        "clinical-silence",
        "technical-silence",
        "partial-twice",
        "off-schedule",
        "drift",
    )
)
"""Rules about what people do and leave undone by themselves, such as an evening left out."""

KNOWN_CAUSES: Final = frozenset(rule for one in EXPECTED.values() for rule in one.rules) - UNLABELLED
"""Rules of which it is known what causes them; of any other nothing can be called false."""


def has_cause(finding: Finding | CourseFinding, labels: Iterable[Label], case: Case) -> bool:
    """Whether something was done that the rule may speak of: in that session, at that time, or shortly before."""
    return any(finding.rule in EXPECTED[label.kind].rules and _about(finding, label, case) for label in labels)


def _about(finding: Finding | CourseFinding, label: Label, case: Case) -> bool:
    if isinstance(finding, CourseFinding):
        if not finding.sessions and finding.cleared_at is None:
            return finding.began_at <= label.until + NEAR  # of a device, for as long as it is so
        return (
            label.session in finding.sessions or label.at - timedelta(days=1) <= finding.began_at <= label.until + NEAR
        )
    if label.session is not None:
        return label.session == finding.session
    past = case.past(finding.session)
    at = began_at(past)
    return (label.device is None or label.device == past.device) and label.at <= at <= label.until + timedelta(days=1)
