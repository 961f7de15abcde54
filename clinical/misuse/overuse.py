"""Rules about use that was not planned: too often, on other days, while on hold or after a stop."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from operator import attrgetter
from typing import Final

from msgspec import Struct
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
from clinical.practice import NEARLY, Practice
from clinical.verdicts import Evidence, fires, undetermined
from vocabulary.devices import Modality
from vocabulary.identity import RuleId
from vocabulary.quantities import Quantity, Unit
from vocabulary.severity import Severity

_WEEK: Final = timedelta(days=7)
NEVER: Final = datetime.max.replace(tzinfo=UTC)


class _Span(Struct, frozen=True, kw_only=True):
    """A time in which uses are counted: what of it a regimen allows, or else plans from its first therapy day on."""

    lasts: timedelta
    allowed: Callable[[Stint], int | None]
    planned: Callable[[Stint], int]
    begins: Callable[[date, Stint], date]
    rolling: str
    grouped: str


_A_DAY: Final = _Span(
    lasts=DAY,
    allowed=attrgetter("most_per_day"),
    planned=attrgetter("per_day"),
    begins=lambda day, _: day,
    rolling="within 24 hours",
    grouped="on a day",
)
_A_WEEK: Final = _Span(
    lasts=_WEEK,
    allowed=attrgetter("most_per_week"),
    planned=attrgetter("per_week"),
    begins=lambda day, stint: day - (day - stint.first) % _WEEK,
    rolling="within 7 days",
    grouped="in a week",
)


class _TooMany(Struct, frozen=True, kw_only=True):
    """Uses of a day or week that are too many, or may be: `surplus` are those above `most`, `sure` how many surely are.

    `counted` is how many there are at most together.
    """

    first: date
    uses: Sequence[Use]
    surplus: Sequence[Use]
    counted: int
    sure: int
    most: int
    words: str


@course_rule("too-many-a-day", version=3, severity=Severity.MEDIUM)
def too_many_a_day(at: CourseAt) -> Iterator[Episode]:
    """More sessions within a day than the regimen allows, or plans.

    Cause: the belief that more helps more, a second person on the same device.
    Consequence: heat and dose add up before the skin has recovered.
    Action: ask who used the device, and repeat the plan of the day.
    Time to respond: one day.
    Source: the most that the regimen allows within 24 hours, rolling, where a session up to four hours early is of the
    next day, a proposal that a physician owns; else its frequency, by therapy days. Sessions that follow each other at
    once are one, a try under 20 % is none. It calls nobody where too-soon calls for each session that is one too many.
    """
    for strand in at.account.strands:
        for found in _too_many(at, strand, _A_DAY):
            yield replace(_episode(strand, found), said_by=_said_by_rest(at, found.surplus))


def _said_by_rest(at: CourseAt, surplus: Iterable[Use]) -> RuleId | None:
    """Whether too little rest is told of every use that is one too many: then it was one thing, and is called once."""
    told = all(any((one, too_soon.id) in at.said for one in use.ids) for use in surplus)
    return too_soon.id if told else None


@course_rule("too-many-a-week", version=2, severity=Severity.LOW)
def too_many_a_week(at: CourseAt) -> Iterator[Episode]:
    """More sessions within a week than the regimen allows, or plans.

    Cause: missed days made up for, the belief that more helps more, a second person on the same device.
    Consequence: more dose than planned; it makes up for no slot that was missed.
    Action: repeat the plan of the week.
    Time to respond: one week.
    Source: the most that the regimen allows within 7 days, rolling, where a session up to four hours early is of the
    next week, a proposal that a physician owns; else its frequency, in weeks from the first therapy day of its phase.
    """
    for strand in at.account.strands:
        for found in _too_many(at, strand, _A_WEEK):
            yield _episode(strand, found)


def _too_many(at: CourseAt, strand: Strand, span: _Span) -> Iterator[_TooMany]:
    """By what each stint allows; where it leaves that open, by what it plans."""
    stints = [stint for stint in at.account.plan.stints if stint.modality is strand.modality]
    allowed = [most for stint in stints if (most := span.allowed(stint)) is not None]
    if len(allowed) < len(stints):
        fewest = min([span.planned(stint) for stint in stints if span.allowed(stint) is None])
        if _may_share_days(strand, fewest, span.lasts):
            yield from _beyond_planned(at, strand, span)
    if allowed and _may_be_near(strand, min(allowed), span.lasts - at.practice.early):
        yield from _beyond_allowed(at, strand, span)


def _may_share_days(strand: Strand, fewest: int, span: timedelta) -> bool:
    """A quick look: whether more uses than are planned at least, counted from any of them, can lie within a span."""
    pairs = zip(strand.planned, strand.planned[fewest:], strict=False)
    return any(after.days[0] - before.days[-1] < span for before, after in pairs)


def _may_be_near(strand: Strand, fewest: int, span: timedelta) -> bool:
    """The same of the instants at which they began."""
    pairs = zip(strand.planned, strand.planned[fewest:], strict=False)
    return any(after.use.earliest - before.use.latest < span for before, after in pairs)


def _may_be_uses(at: CourseAt, strand: Strand) -> list[PlannedUse]:
    """The uses for which something is planned, less those that surely were no more than a try."""
    least = at.practice.partial_fraction - NEARLY
    return [one for one in strand.planned if one.due and max([due.dose.high for due in one.due]) >= least]


def _is_use(one: PlannedUse, practice: Practice) -> bool:
    """Whether it surely was more than a try, on whichever day."""
    least = practice.partial_fraction - NEARLY
    return len(one.due) == len(one.days) and min([due.dose.low for due in one.due]) >= least


def _beyond_planned(at: CourseAt, strand: Strand, span: _Span) -> Iterator[_TooMany]:
    """Uses by the day or week that they are of, in the order of those, where they are more than is planned for it."""
    found: dict[tuple[date, int], list[tuple[Use, bool]]] = defaultdict(list)
    for one in _may_be_uses(at, strand):
        open_ = [due for due in one.due if span.allowed(due.stint) is None]
        groups = dict.fromkeys([(span.begins(due.day, due.stint), span.planned(due.stint)) for due in open_])
        sure = len(groups) == 1 and len(open_) == len(one.due) and _is_use(one, at.practice)
        for group in groups:
            found[group].append((one.use, sure))
    for (first, most), uses in found.items():
        if len(uses) > most:
            every = [use for use, _ in uses]
            yield _TooMany(
                first=first,
                uses=every,
                surplus=every[most:],
                counted=len(uses),
                sure=sum(sure for _, sure in uses),
                most=most,
                words=f"{span.grouped}, {most} planned",
            )


class _Window(Struct, frozen=True, kw_only=True):
    """The uses up to the last one that can lie within a span, how many of them surely do, and how many may."""

    uses: Sequence[PlannedUse]
    sure: int
    most: int

    @property
    def weight(self) -> tuple[int, int]:
        """The more, the worse."""
        return self.sure - self.most, len(self.uses) - self.most


def _beyond_allowed(at: CourseAt, strand: Strand, span: _Span) -> Iterator[_TooMany]:
    """Uses with which there are more within the span than is allowed, by the day or week of the last of them."""
    lasts, uses = span.lasts - at.practice.early, _may_be_uses(at, strand)
    found: dict[date, list[_Window]] = defaultdict(list)
    for place, last in enumerate(uses):
        figures = {most for due in last.due if (most := span.allowed(due.stint)) is not None}
        within = [one for one in uses[: place + 1] if one.use.latest > last.use.earliest - lasts]
        if figures and len(within) > min(figures):
            told = len(figures) == 1 and all(span.allowed(due.stint) is not None for due in last.due)
            sure = _surely_within([one.use for one in within if _is_use(one, at.practice)], lasts) if told else 0
            day = span.begins(last.due[0].day, last.due[0].stint)
            found[day].append(_Window(uses=within, sure=sure, most=min(figures)))
    for first, windows in found.items():
        worst = max(windows, key=lambda window: window.weight)
        every = {one.use.sessions[0].session: one.use for window in windows for one in window.uses}
        yield _TooMany(
            first=first,
            uses=tuple(every.values()),
            surplus=[window.uses[-1].use for window in windows],
            counted=len(worst.uses),
            sure=worst.sure,
            most=worst.most,
            words=f"{span.rolling}, {worst.most} allowed",
        )


def _surely_within(uses: Sequence[Use], span: timedelta) -> int:
    """How many uses surely began within one span, wherever in what is known of its start each of them began."""
    return max(
        [sum([one.latest <= last.latest and one.earliest > last.latest - span for one in uses]) for last in uses],
        default=0,
    )


def _episode(strand: Strand, found: _TooMany) -> Episode:
    most, sure = found.most, found.sure
    evidence = Evidence(
        measured=Quantity(float(max(sure, most)), Unit.FRACTION), limit=Quantity(float(most), Unit.FRACTION)
    )
    return Episode(
        onset=f"{strand.modality}:{found.first}",
        began_at=found.surplus[0].earliest,
        cleared_at=None,
        verdict=fires(f"{sure} sessions {found.words}", evidence)
        if sure > most
        else undetermined(f"Up to {found.counted} sessions {found.words}: times or doses are not known well enough"),
        sessions=tuple(session for use in found.uses for session in use.ids),
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
