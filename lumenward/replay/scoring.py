"""Hold what a replay found against what was done: which of it a rule had to find, and which findings have no cause.

Rules, kept here:
- A label says what was done in physical terms. Whether that is beyond a limit is decided here, from the regimen, by
  more than the uncertainty of the device: what lies within the doubt proves nothing for or against a rule.
- What never reached the store, or only in part, is unseen. It is counted apart, as is what a rule leaves open.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final, Self

from clinical.adherence.phases import phase_days
from clinical.course import CourseDevice
from clinical.regimen import STANDING_LIMITS
from clinical.verdicts import CourseFinding, Finding, Outcome
from firmware_bridge.virtual.cohort.labels import Done, Label
from lumenward.replay import beyond
from lumenward.replay.beyond import Held
from monitor_api.cohorts.case import Case
from monitor_api.cohorts.replay import Judged, began_at, in_force_at, limits_at
from vocabulary.identity import DeviceUid, RuleId, SessionId

NEAR: Final = timedelta(days=21)
"""A rule over weeks may speak so long after what was done."""


class Result(StrEnum):
    """What became of a label."""

    FIRED = "fired"
    MISSED = "missed"
    UNDETERMINED = "undetermined"
    UNSEEN = "unseen"
    WITHIN = "within"
    UNCOUNTED = "not counted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """Which rules may speak of something done, the first of which has to; whether at once; when it is beyond doubt.

    A rule over weeks may begin to speak `near` after what was done. `beyond` gives None where the evidence did not
    reach the store; without it nobody can say whether a rule had to speak, so what it did not find is not counted.
    """

    rules: tuple[RuleId, ...]
    urgent: bool
    beyond: Callable[[Held], bool | None] | None
    near: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """A label and what became of it."""

    label: Label
    rules: tuple[RuleId, ...]
    urgent: bool
    result: Result


def _expects(
    *rules: str,
    urgent: bool = False,
    beyond: Callable[[Held], bool | None] | None = None,
    near: timedelta = NEAR,
) -> Expectation:
    return Expectation(rules=tuple(RuleId(rule) for rule in rules), urgent=urgent, beyond=beyond, near=near)


_NONE: Final = timedelta(0)

_HEAT: Final = (
    "thermal-dose-harmful",
    "thermal-dose-high",
    "thermal-dose-raised",
    "thermal-dose-noted",
    "heat-stacked",
)
_SHORT: Final = ("under-dose", "too-short")
_MUCH: Final = ("over-dose", "over-cap")
_OTHER: Final = ("wrong-level", "drift", "output-drift", *_SHORT, *_MUCH)
_ADDED: Final = ("too-soon", "too-many-a-day", "too-many-a-week", "off-schedule", "heat-stacked", *_MUCH)
_SILENT: Final = ("clinical-silence", "technical-silence", "off-schedule", "missed-slot")

EXPECTED: Final[Mapping[Done, Expectation]] = {
    Done.OVERHEATED_HEAD: _expects("too-hot", *_HEAT, urgent=True, beyond=beyond.overheated),
    Done.WENT_ON_AFTER_TRIP: _expects(
        "energy-after-trip", "too-hot", *_HEAT, *_SHORT, urgent=True, beyond=beyond.went_on
    ),
    Done.USED_ON_HOLD: _expects("used-on-hold", urgent=True, beyond=beyond.on_hold),
    Done.DOUBLE_SESSION: _expects(*_ADDED, beyond=beyond.short_rest),
    Done.SHORT_REST: _expects(*_ADDED, beyond=beyond.short_rest),
    Done.CROSSED_ZONES: _expects(*_ADDED, beyond=beyond.short_rest),
    Done.BORROWED: _expects("other-person", "device-cloned", "contact-lost", *_ADDED),
    Done.OVER_LONG: _expects("too-long", "drift", "heat-stacked", *_MUCH, beyond=beyond.too_long),
    Done.WRONG_PROGRAM: _expects(
        "wrong-programme", "contraindicated", "too-long", *_OTHER, beyond=beyond.another_programme
    ),
    Done.OTHER_LEVEL: _expects(*_OTHER, beyond=beyond.another_level),
    Done.UNFIT_SKIN: _expects("contraindicated", beyond=beyond.unfit),
    Done.MUCH_IN_A_DAY: _expects("over-cap", *_ADDED, beyond=beyond.over_cap),
    Done.OTHER_DAYS: _expects(
        "off-schedule",
        "missed-slot",
        "clinical-silence",
        "technical-silence",
        *_ADDED,
        beyond=beyond.twice_on_other_days,
    ),
    Done.LIMITS_LATE: _expects("limits-unconfirmed", beyond=beyond.taken_late),
    Done.ON_THE_TABLE: _expects("not-worn", "other-person", "contact-lost", beyond=beyond.shown_by_samples),
    Done.DRY_GEL: _expects("contact-lost", "worn-tip", beyond=beyond.shown_by_samples),
    Done.WORN_TIP: _expects("worn-tip", "contact-lost", beyond=beyond.touches_worse),
    Done.NO_EYE_SHIELD: _expects("eye-shield-off", beyond=beyond.unshielded),
    Done.UNPRESCRIBED: _expects("no-regimen", beyond=beyond.reached),
    Done.CLOCK_LOST: _expects("clock-unknown", "clock-stepped", beyond=beyond.lost_its_place),
    Done.CLOCK_TAMPERED: _expects("clock-stepped", "too-soon", "device-cloned", beyond=beyond.clock_seen),
    Done.RECALLED_FIRMWARE: _expects("firmware-recalled", beyond=beyond.recalled),
    Done.OUTPUT_DRIFT: _expects("output-drift", "wrong-level", "drift", *_MUCH, beyond=beyond.output_away),
    Done.LIGHT_AFTER_HEAT: _expects("heat-stacked", beyond=beyond.lit_while_warm),
    Done.CLONED_SERIAL: _expects("device-cloned", beyond=beyond.cloned),
    Done.POWER_LOST: _expects(*_SHORT, beyond=beyond.under_dose),
    Done.STOPPED_EARLY: _expects("too-short", "under-dose", beyond=beyond.too_short),
    Done.GATEWAY_OFFLINE: _expects("technical-silence", "clinical-silence", beyond=beyond.unheard, near=_NONE),
    Done.FORGOTTEN_WEEK: _expects(*_SILENT, "partial-twice", beyond=beyond.silent, near=_NONE),
    Done.GAVE_UP: _expects(*_SILENT, beyond=beyond.silent, near=_NONE),
    Done.FADED: _expects(*_SILENT, "drift"),
}
"""What rules may say of each thing done. The first of them is the one that has to find it."""


COUNTED: Final = frozenset(one.rules[0] for one in EXPECTED.values() if one.beyond)
"""Rules of which it can be said what they missed."""


def score(case: Case, labels: Sequence[Label], judged: Judged) -> list[Scored]:
    """What became of each label."""
    devices = {device.uid: device for device in case.course.devices}
    said = Said.of(judged)
    return [_score(_hold(case, label, devices, labels), said) for label in labels]


@dataclass(frozen=True, slots=True)
class Said:
    """What each rule said of each session, and of a course as a whole."""

    of_sessions: Mapping[tuple[SessionId, RuleId], set[Outcome]]
    of_course: Mapping[RuleId, list[CourseFinding]]

    @classmethod
    def of(cls, judged: Judged) -> Self:
        """As a replay found it."""
        of_sessions: dict[tuple[SessionId, RuleId], set[Outcome]] = {}
        of_course: dict[RuleId, list[CourseFinding]] = {}
        for one in judged.sessions:
            of_sessions.setdefault((one.session, one.rule), set()).add(one.verdict.outcome)
        for over_weeks in judged.course:
            of_course.setdefault(over_weeks.rule, []).append(over_weeks)
            for session in over_weeks.sessions:
                of_sessions.setdefault((session, over_weeks.rule), set()).add(over_weeks.verdict.outcome)
        return cls(of_sessions, of_course)

    def of_label(self, label: Label, expected: Expectation) -> set[Outcome]:
        """What the rule that has to find it said: of its session, or of no session and at the time of it."""
        rule, near = expected.rules[0], expected.near
        found = self.of_course.get(rule, ())
        if label.session is None:
            return {one.verdict.outcome for one in found if _while(one, label, near)}
        said = self.of_sessions.get((label.session, rule), set())
        return said | {one.verdict.outcome for one in found if not one.sessions and _while(one, label, near)}


def _while(finding: CourseFinding, label: Label, near: timedelta) -> bool:
    """Whether what is said of a course is of the time of a label, or of soon after."""
    over = finding.cleared_at is not None and finding.cleared_at < label.at
    return finding.began_at <= label.until + near and not over


def _hold(case: Case, label: Label, devices: Mapping[DeviceUid, CourseDevice], labels: Sequence[Label]) -> Held:
    past = None if label.session is None else case.sessions.get(label.session)
    held_to = in_force_at(case.course, past) if past else None
    standing = STANDING_LIMITS[label.modality] if label.modality else next(iter(STANDING_LIMITS.values()))
    return Held(
        label=label,
        past=past,
        device=devices.get(label.device) if label.device else None,
        regimen=held_to.regimen if held_to else None,
        phase=phase_days(case.course, held_to, began_at(past)).at(began_at(past)) if held_to and past else None,
        limits=limits_at(case.course, past) or standing if past else standing,
        case=case,
        labels=labels,
    )


def _score(held: Held, said: Said) -> Scored:
    label, expected = held.label, EXPECTED[held.label.kind]
    is_beyond = expected.beyond(held) if expected.beyond else False
    result = _result(said.of_label(label, expected), is_beyond=is_beyond, counted=expected.beyond is not None)
    return Scored(label=label, rules=expected.rules, urgent=expected.urgent and is_beyond is not False, result=result)


def _result(outcomes: set[Outcome], *, is_beyond: bool | None, counted: bool) -> Result:
    if Outcome.FIRES in outcomes:
        return Result.FIRED
    if not counted:
        return Result.UNCOUNTED
    if is_beyond is None:
        return Result.UNSEEN
    if not is_beyond:
        return Result.WITHIN
    return Result.UNDETERMINED if Outcome.UNDETERMINED in outcomes else Result.MISSED


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
