"""Rules about use that was not planned: too often, on other days, while on hold or after a stop."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from operator import attrgetter
from typing import Final

from msgspec.structs import replace

from clinical.adherence.account import Strand
from clinical.adherence.days import DAY
from clinical.adherence.planned import PlannedUse
from clinical.adherence.rounds import Stint
from clinical.adherence.uses import Use, sessions_of
from clinical.course import Hold, PastSession
from clinical.misuse.course_rules import CourseAt, Episode, course_rule
from clinical.misuse.schedule import too_soon
from clinical.misuse.streaks import twice
from clinical.verdicts import Evidence, fires, undetermined
from vocabulary.devices import Modality
from vocabulary.identity import RuleId
from vocabulary.quantities import Quantity, Unit
from vocabulary.severity import Severity

_WEEK: Final = timedelta(days=7)
NEVER: Final = datetime.max.replace(tzinfo=UTC)


@course_rule("too-many-a-day", version=2, severity=Severity.MEDIUM)
def too_many_a_day(at: CourseAt) -> Iterator[Episode]:
    """More sessions on one therapy day than the regimen plans.

    Cause: the belief that more helps more, a second person on the same device.
    Consequence: heat and dose add up before the skin has recovered.
    Action: ask who used the device, and repeat the plan of the day.
    Time to respond: one day.
    Source: the regimen's frequency; sessions that follow each other at once are one, a try under 20 % is none. It
    calls nobody where too-soon calls for each session that is one too many.
    """
    for strand in at.account.strands:
        if not _may_be_too_many(at, strand, DAY, attrgetter("per_day")):
            continue
        by_day = _grouped(at, strand, lambda day, stint: (day, stint.per_day))
        for (day, most), uses in by_day.items():
            said_by = _said_by_rest(at, uses[most:])
            for episode in _too_many(f"{strand.modality}:{day}", uses, most, "on a day"):
                yield replace(episode, said_by=said_by)


def _said_by_rest(at: CourseAt, surplus: Iterable[tuple[Use, bool]]) -> RuleId | None:
    """Whether too little rest is told of every use that is one too many: then it was one thing, and is called once."""
    told = all(any((one, too_soon.id) in at.said for one in use.ids) for use, _ in surplus)
    return too_soon.id if told else None


@course_rule("too-many-a-week", version=1, severity=Severity.LOW)
def too_many_a_week(at: CourseAt) -> Iterator[Episode]:
    """More sessions in a week of the regimen than it plans.

    Cause: missed days made up for, the belief that more helps more, a second person on the same device.
    Consequence: more dose than planned; it makes up for no slot that was missed.
    Action: repeat the plan of the week.
    Time to respond: one week.
    Source: the regimen's frequency, in weeks from the first therapy day of its phase.
    """
    for strand in at.account.strands:
        if not _may_be_too_many(at, strand, _WEEK, attrgetter("per_week")):
            continue
        by_week = _grouped(at, strand, lambda day, stint: (day - (day - stint.first) % _WEEK, stint.per_week))
        for (week, most), uses in by_week.items():
            yield from _too_many(f"{strand.modality}:{week}", uses, most, "in a week")


def _may_be_too_many(at: CourseAt, strand: Strand, span: timedelta, most: Callable[[Stint], int]) -> bool:
    """A quick look: whether more uses than are planned at least, counted from any of them, can lie within a span."""
    fewest = min([most(stint) for stint in at.account.plan.stints if stint.modality is strand.modality])
    pairs = zip(strand.planned, strand.planned[fewest:], strict=False)
    return any(after.days[0] - before.days[-1] < span for before, after in pairs)


Group = tuple[date, int]
"""The first day of a group of uses, and the most that are planned in it."""


def _grouped(
    at: CourseAt, strand: Strand, group: Callable[[date, Stint], Group]
) -> dict[Group, list[tuple[Use, bool]]]:
    """Uses by group, in the order of their days, and whether they surely are of it and a use at all."""
    least = at.practice.partial_fraction
    found: dict[Group, list[tuple[Use, bool]]] = defaultdict(list)
    for one in strand.planned:
        if one.due and max([due.dose.high for due in one.due]) >= least:
            groups = dict.fromkeys([group(due.day, due.stint) for due in one.due])
            told = len(groups) == 1 and len(one.due) == len(one.days)
            sure = told and min([due.dose.low for due in one.due]) >= least
            for each in groups:
                found[each].append((one.use, sure))
    return found


def _too_many(onset: str, uses: list[tuple[Use, bool]], most: int, span: str) -> Iterator[Episode]:
    if len(uses) <= most:
        return
    sure = sum(one for _, one in uses)
    evidence = Evidence(
        measured=Quantity(float(max(sure, most)), Unit.FRACTION), limit=Quantity(float(most), Unit.FRACTION)
    )
    yield Episode(
        onset=onset,
        began_at=uses[most][0].earliest,
        cleared_at=None,
        verdict=fires(f"{sure} sessions {span}, {most} planned", evidence)
        if sure > most
        else undetermined(
            f"Up to {len(uses)} sessions {span}, {most} planned: times or doses are not known well enough"
        ),
        sessions=tuple(session for use, _ in uses for session in use.ids),
    )


@course_rule("off-schedule", version=1, severity=Severity.MEDIUM)
def off_schedule(at: CourseAt) -> Iterator[Episode]:
    """Two sessions in a row were on days of the week for which none is planned.

    Cause: a week that does not suit the patient, a plan that was not understood.
    Consequence: rests become too short, and planned slots stay empty.
    Action: agree on other days, and write them into the regimen.
    Time to respond: one day.
    Source: product defaults: off-schedule twice; only a regimen that names weekdays has such days.
    """
    for strand in at.account.strands:
        if any(stint.phase.timing.weekdays for stint in at.account.plan.stints):
            yield from twice(at, strand, _is_off, "On days that are not planned, twice in a row")


def _is_off(one: PlannedUse) -> bool | None:
    off = {due.day: _leaves_out(due.stint, due.day) for due in one.due}
    said = {off.get(day, False) for day in one.days}
    return said.pop() if len(said) == 1 else None


def _leaves_out(stint: Stint, day: date) -> bool:
    return bool(stint.phase.timing.weekdays) and day.weekday() not in stint.phase.timing.weekdays


@course_rule("used-on-hold", version=3, severity=Severity.HIGH)
def used_on_hold(at: CourseAt) -> Iterator[Episode]:
    """The device was used while the treatment was on hold, or after it was stopped.

    Cause: a hold that did not reach the patient or the device, another person, a device out of the gateway's reach.
    Consequence: the skin is treated against the physician's word, perhaps while it is hurt.
    Action: call the patient today; look at whether the hold reached the device.
    Time to respond: one hour.
    Source: product defaults; a hold is in force from the moment it is asked for. That of a treatment, or of a device,
    is for every device of its modality, also where nothing is prescribed; a stop is so until another treatment begins.
    A treatment that ended otherwise was not stopped, and one that is paused may go on.
    """
    for modality, uses in _uses(at) if at.course.holds else ():
        holds = [one for one in at.course.holds if one.modality in {None, modality}]
        for use in uses if holds else ():
            for session in use.sessions:
                yield from _used(use, session, holds)


def _uses(at: CourseAt) -> Iterator[tuple[Modality, Sequence[Use]]]:
    """The recent uses of each modality, also of one that was never prescribed."""
    yield from ((strand.modality, strand.uses) for strand in at.account.strands)
    since, until = at.now - timedelta(days=at.practice.look_back_days), at.now + timedelta(days=1)
    besides = {one.modality for one in at.course.sessions} - {one.modality for one in at.account.strands}
    for modality in sorted(besides):
        yield modality, sessions_of(at.account.ordered, modality).uses(since, until, at.practice)


def _used(use: Use, session: PastSession, holds: Iterable[Hold]) -> Iterator[Episode]:
    earliest, latest = (
        (session.started.earliest, session.started.latest) if session.started else (use.earliest, use.latest)
    )
    near = [one for one in holds if one.during.from_at <= latest and earliest < (one.during.until_at or NEVER)]
    if near:
        chosen = max(near, key=lambda one: (_covers([one], earliest, latest), one.stopped))
        words = f"Used while the treatment was {chosen.word}"
        sure = _covers(near, earliest, latest)
        yield Episode(
            onset=str(session.session),
            began_at=earliest,
            cleared_at=None,
            verdict=fires(words, Evidence()) if sure else undetermined(f"{words}, or just outside of it"),
            sessions=(session.session,),
        )


def _covers(holds: Iterable[Hold], earliest: datetime, latest: datetime) -> bool:
    """Whether holds, one after the other, leave no instant between two open, both within."""
    reached = earliest
    for one in sorted([one.during for one in holds], key=attrgetter("from_at")):
        if one.from_at <= reached:
            reached = max(reached, one.until_at or NEVER)
    return latest < reached
