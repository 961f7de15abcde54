"""Rules about energy that adds up over sessions and devices."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from clinical.course import Between, InForce
from clinical.dose.ledger import Account, Entry, entries, zones_of
from clinical.dose.rolling import Part, Rolling
from clinical.dose.stacking import PROPOSED, HeatStack, heat_stacks
from clinical.misuse.course_rules import CourseAt, Episode, course_rule
from clinical.plan import Cap
from clinical.verdicts import Evidence, Outcome, Verdict, fires, undetermined
from vocabulary.quantities import Quantity, Unit
from vocabulary.severity import Severity

WARM_CELSIUS: Final = 1.0
"""Warmth left from radiofrequency from which light adds to it. A proposal that a physician owns."""

_ROUNDING: Final = 1 + 1e-9


@course_rule("over-cap", version=1, severity=Severity.MEDIUM)
def over_cap(at: CourseAt) -> Iterator[Episode]:
    """Sessions together, of all devices, gave a zone more than the regimen allows in its window.

    Cause: the same skin treated with two devices, sessions repeated because more seemed better.
    Consequence: less effect (biphasic response); with RF, reddening and swelling.
    Action: agree on one device, or on fewer sessions.
    Time to respond: one day.
    Source: the caps of the regimen, rolling, each band and zone for itself; some makers print one, such as two
    sessions of 9 min in 24 h.
    """
    for held in at.course.regimens:
        for number, cap in enumerate(held.regimen.caps):
            yield from _episodes(at, held, cap, f"{held.regimen.id}:{number}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Use:
    """How much of a cap was used once a session had begun, by the account that used most of it."""

    entry: Entry
    most: Between
    account: Account


def _episodes(at: CourseAt, held: InForce, cap: Cap, name: str) -> Iterator[Episode]:
    """Runs of sessions that went over a cap; a run that began before the look-back is followed to its first session."""
    back = timedelta(days=at.practice.look_back_days)
    first = min((one.heard_at for one in at.course.sessions), default=at.now)
    while True:
        uses = _uses(at, held, cap, at.now - back)
        if not uses or at.now - back <= first - cap.window or _outcome(uses[0].most, cap) is Outcome.CLEAR:
            break
        back *= 2
    run: list[_Use] = []
    for use in uses:
        if run and _outcome(use.most, cap) is not _outcome(run[0].most, cap):
            yield _episode(at, cap, name, run)
            run = []
        if _outcome(use.most, cap) is not Outcome.CLEAR:
            run.append(use)
    if run:
        yield _episode(at, cap, name, run)


def _uses(at: CourseAt, held: InForce, cap: Cap, since: datetime) -> Sequence[_Use]:
    """The use of a cap at each session since an instant, in order."""
    every = entries(at.course, since - cap.window, at.now)
    rolling = {account: Rolling.of(parts, cap.window) for account, parts in _parts(every, cap).items()}
    return [
        _Use(entry=entry, most=most, account=account)
        for entry in sorted(every, key=lambda entry: (entry.latest, entry.session))
        if entry.latest > since and _in_force(held, entry)
        for most, account in [_most(entry, rolling)]
        if account is not None
    ]


def _parts(every: Sequence[Entry], cap: Cap) -> dict[Account, list[Part]]:
    zones = None if cap.zone is None else zones_of((cap.zone,))
    parts: dict[Account, list[Part]] = {}
    for entry in every:
        for posting in entry.postings:
            account = posting.account
            counts = account.unit is cap.dose.unit and cap.band in (None, account.band)
            if counts and (zones is None or account.zone in zones):
                part = Part(earliest=entry.earliest, latest=entry.latest, amount=posting.delivered)
                parts.setdefault(account, []).append(part)
    return parts


def _most(entry: Entry, rolling: dict[Account, Rolling]) -> tuple[Between, Account | None]:
    mine = [posting.account for posting in entry.postings if posting.account in rolling]
    used = [(rolling[account].at(entry.latest), account) for account in mine]
    return max(used, key=lambda one: (one[0].low, one[0].high), default=(Between(low=0.0, high=0.0), None))


def _in_force(held: InForce, entry: Entry) -> bool:
    return held.from_at <= entry.latest and (held.until_at is None or entry.latest < held.until_at)


def _outcome(used: Between, cap: Cap) -> Outcome:
    limit = cap.dose.value * _ROUNDING
    return Outcome.FIRES if used.low > limit else Outcome.UNDETERMINED if used.high > limit else Outcome.CLEAR


def _episode(at: CourseAt, cap: Cap, name: str, run: Sequence[_Use]) -> Episode:
    worst = max(run, key=lambda use: (use.most.low, use.most.high))
    last = run[-1].entry.latest + cap.window
    return Episode(
        onset=f"{name}:{run[0].entry.session}",
        began_at=run[0].entry.latest,
        cleared_at=last if last <= at.now else None,
        verdict=_told(worst, cap),
        sessions=tuple(use.entry.session for use in run),
    )


def _told(worst: _Use, cap: Cap) -> Verdict:
    used, account, unit = worst.most, worst.account, cap.dose.unit
    middle, doubt = (used.low + used.high) / 2, (used.high - used.low) / 2
    evidence = Evidence(measured=Quantity(middle, unit), limit=cap.dose, uncertainty=Quantity(doubt, unit))
    what = f"{account.band} light" if account.band else "energy"
    hours = cap.window / timedelta(hours=1)
    because = (
        f"{middle:.1f} ± {doubt:.1f} {unit} of {what} on {account.zone} in {hours:.0f} h, the cap is {cap.dose.value:g}"
    )
    if _outcome(used, cap) is Outcome.FIRES:
        return fires(because, evidence)
    return undetermined(f"{because}, within what calibration, clock and zones leave open", evidence)


@course_rule("heat-stacked", version=1, severity=Severity.LOW)
def heat_stacked(at: CourseAt) -> Iterator[Episode]:
    """A mask was put on skin that radiofrequency had just warmed.

    Cause: both devices used one after the other to save an evening.
    Consequence: light and its warmth add to heat that is still in the skin; reddening lasts longer.
    Action: suggest an hour between the two, or another day.
    Time to respond: one week.
    Source: reddening after RF is gone within an hour (Silk'n study, Gold et al.). That warmth falls to a third in ten
    minutes, and that one degree matters, are proposals that a physician owns.
    """
    since = at.now - timedelta(days=at.practice.look_back_days)
    lasted = {session.session: session for session in at.course.sessions}
    for stack in heat_stacks(at.course, since):
        verdict, lit = _stacked(stack), lasted[stack.lit_by]
        if verdict is not None and lit.started is not None:
            yield Episode(
                onset=f"{stack.warmed_by}:{stack.lit_by}",
                began_at=lit.started.at,
                cleared_at=lit.started.at + lit.elapsed,
                verdict=verdict,
                sessions=(stack.warmed_by, stack.lit_by),
            )


def _stacked(stack: HeatStack) -> Verdict | None:
    pause, carried = stack.pause, stack.carried_celsius
    minutes = f"{max(pause.low, 0):.0f} to {pause.high:.0f} min after radiofrequency on {', '.join(stack.zones)}"
    if carried is None:
        return undetermined(f"Light {minutes}, and how warm the skin was is not known")
    evidence = Evidence(
        measured=Quantity((carried.low + carried.high) / 2, Unit.CELSIUS),
        limit=Quantity(WARM_CELSIUS, Unit.CELSIUS),
        uncertainty=Quantity((carried.high - carried.low) / 2, Unit.CELSIUS),
    )
    if carried.high < WARM_CELSIUS:
        return None
    surely = carried.low >= WARM_CELSIUS and pause.low >= 0 and pause.high * timedelta(minutes=1) <= PROPOSED.window
    if surely:
        return fires(f"Light {minutes}; the skin was still {carried.low:.1f} °C above rest", evidence)
    return undetermined(f"Light {minutes}; the clocks leave open how warm the skin still was", evidence)
