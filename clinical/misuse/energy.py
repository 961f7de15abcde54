"""Rules about energy that adds up over sessions and devices."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, groupby
from typing import Final, Self

from msgspec import Struct
from msgspec.structs import replace

from clinical.course import Between, InForce
from clinical.dose.ledger import Entry, Posting, zones_of
from clinical.dose.rolling import Part, Rolling
from clinical.dose.stacking import PROPOSED, HeatStack, heat_stacks
from clinical.misuse.course_rules import CourseAt, Episode, course_rule
from clinical.plan import Cap
from clinical.verdicts import Evidence, Outcome, Verdict, fires, undetermined
from vocabulary.devices import Zone
from vocabulary.light import Band
from vocabulary.quantities import Quantity, Unit
from vocabulary.severity import Severity

WARM_CELSIUS: Final = 1.0
"""Warmth left from radiofrequency from which light adds to it. A proposal that a physician owns."""

_ROUNDING: Final = 1 + 1e-9
_BADNESS: Final = {Outcome.CLEAR: 0, Outcome.UNDETERMINED: 1, Outcome.FIRES: 2}


@course_rule("over-cap", version=2, severity=Severity.MEDIUM)
def over_cap(at: CourseAt) -> Iterator[Episode]:
    """Sessions together, of all devices, gave a zone more than the regimen allows in its window.

    Cause: the same skin treated with two devices, sessions repeated because more seemed better.
    Consequence: less effect (biphasic response); with RF, reddening and swelling.
    Action: agree on one device, or on fewer sessions.
    Time to respond: one day.
    Source: the caps of the regimen, rolling, each band and zone for itself; some makers print one, such as two
    sessions of 9 min in 24 h. Light that nobody has measured may be of any band, and leaves open how much of each.
    """
    caps = [(held, number, cap) for held in at.course.regimens for number, cap in enumerate(held.regimen.caps)]
    if caps:
        lately = _Lately(at, max(cap.window for _, _, cap in caps))
        for held, number, cap in caps:
            yield from _episodes(lately, held, cap, number)


class _Use(Struct, frozen=True, kw_only=True):
    """How much of a cap was used once a session had begun, by the zone and band that used most of it."""

    entry: Entry
    most: Between
    zone: Zone
    band: Band | None


@dataclass(frozen=True, slots=True)
class _Most:
    """The most that any session gave of what a cap is about, and between when and when such sessions began."""

    amount: float
    earliest: list[datetime]
    latest: list[datetime]

    @classmethod
    def of(cls, entries: Iterable[Entry], cap: Cap) -> Self:
        """Of these sessions."""
        given = [(entry, max(most)) for entry in entries if (most := [one.amount.high for one in _counted(entry, cap)])]
        return cls(
            max([most for _, most in given], default=0.0),
            sorted([entry.earliest for entry, _ in given]),
            sorted([entry.latest for entry, _ in given]),
        )

    def may_be_over(self, cap: Cap) -> bool:
        """Whether more sessions than fit into a cap, if each gave the most, can lie within its window."""
        fit = int(cap.dose.value / self.amount) if self.amount else len(self.latest)
        together = zip(self.latest, self.earliest[fit:], strict=False)
        return any(later - before < cap.window for before, later in together)


class _Lately:
    """What the sessions gave that a cap of any window may be about."""

    def __init__(self, at: CourseAt, window: timedelta) -> None:
        self.at = at
        self._entries = at.given.after(at.now - timedelta(days=at.practice.look_back_days) - window)
        self._most: dict[tuple[Unit, Band | None], _Most] = {}

    def may_be_over(self, cap: Cap) -> bool:
        """A quick look: whether lately sessions could go over a cap if each had given all to one zone in one band."""
        kind = cap.dose.unit, cap.band
        if kind not in self._most:
            self._most[kind] = _Most.of(self._entries, cap)
        return self._most[kind].may_be_over(cap)

    def is_all(self, since: datetime) -> bool:
        """Whether none was heard of before an instant."""
        return since <= min((one.heard_at for one in self.at.course.sessions), default=self.at.now)


def _episodes(lately: _Lately, held: InForce, cap: Cap, number: int) -> Iterator[Episode]:
    """Runs of sessions that went over a cap; a run that began before the look-back is followed to its first session."""
    if not lately.may_be_over(cap):
        return
    now, back = lately.at.now, timedelta(days=lately.at.practice.look_back_days)
    uses = _uses(lately, held, cap, now - back)
    while uses and _outcome(uses[0].most, cap) is not Outcome.CLEAR and not lately.is_all(now - back + cap.window):
        back *= 2
        uses = _uses(lately, held, cap, now - back)
    for outcome, run in groupby(uses, key=lambda use: _outcome(use.most, cap)):
        if outcome is not Outcome.CLEAR:
            yield _episode(now, cap, f"{held.regimen.id}:{number}", list(run))


def _uses(lately: _Lately, held: InForce, cap: Cap, since: datetime) -> Sequence[_Use]:
    """The use of a cap at each session since an instant, in order."""
    every = lately.at.given.after(since - cap.window)
    sums = _Sums(every, cap)
    recent = (entry for entry in every if entry.latest > since and _in_force(held, entry))
    return [use for use in map(sums.most, recent) if use is not None]


def _counted(entry: Entry, cap: Cap) -> list[Posting]:
    """What may be of its band: light that nobody has measured too."""
    unit, band = cap.dose.unit, cap.band
    return [one for one in entry.postings if one.unit is unit and (band is None or one.band is band or not one.band)]


_Line = tuple[Zone, Band | None]
_Spread = tuple[tuple[Zone, ...], Band | None]
"""Zones that sessions treat together, and the band."""


class _Sums:
    """What each zone and band that a cap is about took, rolling; those to which the same sessions gave share a sum.

    What is of an unknown band is summed for itself, and may be all of any other: there it adds to the upper end alone.
    """

    def __init__(self, every: Sequence[Entry], cap: Cap) -> None:
        self._cap = cap
        parts: dict[_Spread, list[Part]] = {}
        for entry in every:
            for posting in _counted(entry, cap):
                part = Part(earliest=entry.earliest, latest=entry.latest, amount=posting.delivered)
                parts.setdefault((posting.zones, posting.band), []).append(part)
        self._bands = [cap.band] if cap.band else sorted({band for _, band in parts if band})
        sums = self._rolling(parts)
        self._sums = {spread: _first_of_each(sums[line] for line in self._lines(spread)) for spread in parts}

    def most(self, entry: Entry) -> _Use | None:
        """The zone and band that took most once a session had begun; None where it gave to none that counts."""
        spreads = ((posting.zones, posting.band) for posting in _counted(entry, self._cap))
        used = [(sum_.at(entry.latest), line) for spread in spreads for sum_, line in self._sums[spread]]
        if not used:
            return None
        most, (zone, band) = max(used, key=lambda one: _badness(one[0], self._cap))
        return _Use(entry=entry, most=most, zone=zone, band=band)

    def _lines(self, spread: _Spread) -> list[_Line]:
        within = None if self._cap.zone is None else zones_of((self._cap.zone,))
        zones, band = spread
        bands = [band] if band else [*self._bands, *([None] if self._cap.band is None else [])]
        return [(zone, one) for zone in zones if within is None or zone in within for one in bands]

    def _rolling(self, parts: Mapping[_Spread, list[Part]]) -> dict[_Line, tuple[Rolling, _Line]]:
        """The sum of each line, and the line itself."""
        spreads_of: dict[_Line, list[_Spread]] = {}
        for spread in parts:
            for line in self._lines(spread):
                spreads_of.setdefault(line, []).append(spread)
        keys = {line: (tuple(spreads), line[1] is None) for line, spreads in spreads_of.items()}
        shared: dict[tuple[tuple[_Spread, ...], bool], Rolling] = {}
        for spreads, is_unknown in dict.fromkeys(keys.values()):
            every = (parts[one] if one[1] or is_unknown else map(_may_be, parts[one]) for one in spreads)
            shared[spreads, is_unknown] = Rolling.of(chain.from_iterable(every), self._cap.window)
        return {line: (shared[key], line) for line, key in keys.items()}


def _may_be(part: Part) -> Part:
    """An amount that may be of a band, all of it or nothing."""
    return replace(part, amount=Between(low=0.0, high=part.amount.high))


def _first_of_each(sums: Iterable[tuple[Rolling, _Line]]) -> list[tuple[Rolling, _Line]]:
    """Each sum once, with the first line that it is the sum of."""
    found: dict[int, tuple[Rolling, _Line]] = {}
    for sum_, line in sums:
        found.setdefault(id(sum_), (sum_, line))
    return list(found.values())


def _in_force(held: InForce, entry: Entry) -> bool:
    return held.from_at <= entry.latest and (held.until_at is None or entry.latest < held.until_at)


def _outcome(used: Between, cap: Cap) -> Outcome:
    limit = cap.dose.value * _ROUNDING
    return Outcome.FIRES if used.low > limit else Outcome.UNDETERMINED if used.high > limit else Outcome.CLEAR


def _badness(used: Between, cap: Cap) -> tuple[int, float, float]:
    """What is surely over a cap before what may be, and that before what is not."""
    return _BADNESS[_outcome(used, cap)], used.low, used.high


def _episode(now: datetime, cap: Cap, name: str, run: Sequence[_Use]) -> Episode:
    worst = max(run, key=lambda use: (use.most.low, use.most.high))
    last = run[-1].entry.latest + cap.window
    return Episode(
        onset=f"{name}:{run[0].entry.session}",
        began_at=run[0].entry.latest,
        cleared_at=last if last <= now else None,
        verdict=_told(worst, cap),
        sessions=tuple(use.entry.session for use in run),
    )


def _told(worst: _Use, cap: Cap) -> Verdict:
    used, unit = worst.most, cap.dose.unit
    middle, doubt = (used.low + used.high) / 2, (used.high - used.low) / 2
    evidence = Evidence(measured=Quantity(middle, unit), limit=cap.dose, uncertainty=Quantity(doubt, unit))
    what = f"{worst.band} light" if worst.band else "energy"
    hours = cap.window / timedelta(hours=1)
    because = (
        f"{middle:.1f} ± {doubt:.1f} {unit} of {what} on {worst.zone} in {hours:.0f} h, the cap is {cap.dose.value:g}"
    )
    if _outcome(used, cap) is Outcome.FIRES:
        return fires(because, evidence)
    return undetermined(f"{because}, within what calibration, clock, zones and bands leave open", evidence)


@course_rule("heat-stacked", version=2, severity=Severity.LOW)
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
    for stack in heat_stacks(at.account.ordered, since):
        verdict = _stacked(stack)
        if verdict is not None:
            yield Episode(
                onset=f"{stack.warmed_by}:{stack.lit_by}",
                began_at=stack.lit_from,
                cleared_at=stack.lit_until,
                verdict=verdict,
                sessions=(stack.warmed_by, stack.lit_by),
            )


def _stacked(stack: HeatStack) -> Verdict | None:
    pause, carried = stack.pause, stack.carried_celsius
    where = f"on {', '.join(stack.zones)}" if stack.is_placed else "and which zones were treated is not known"
    minutes = f"{max(pause.low, 0):.0f} to {pause.high:.0f} min after radiofrequency {where}"
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
    if surely and not stack.is_placed:
        return undetermined(f"Light {minutes}", evidence)
    if surely:
        return fires(f"Light {minutes}; the skin was still {carried.low:.1f} °C above rest", evidence)
    return undetermined(f"Light {minutes}; the clocks leave open how warm the skin still was", evidence)
