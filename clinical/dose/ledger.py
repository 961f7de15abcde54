"""The energy ledger: what each zone of one patient took in the last day and week, of all devices and makers together.

Rules, kept here:
- Bands are never added to one another, nor light to radiofrequency, nor either to heat.
- A figure is an interval. Its lower end is what surely was, its upper end what may have been: the calibration, the
  clock, the zone and the samples that never came each leave something open.
- Nothing rests on the order of the sessions, nor on how often one is given.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

from msgspec import Struct

from clinical.course import Between, CourseDevice, OrderedCourse, PastSession, WearSigns
from clinical.dose.bands import Emission, emissions
from clinical.dose.worn import worn_dose, worn_part, worn_probability
from clinical.practice import practice_at
from vocabulary.devices import Modality, Zone
from vocabulary.identity import SessionId
from vocabulary.light import Band
from vocabulary.quantities import Quantity, Unit

DAY: Final = timedelta(days=1)
WEEK: Final = timedelta(days=7)

FACE: Final = tuple(zone for zone in Zone if zone not in (Zone.WHOLE_FACE, Zone.NECK, Zone.DECOLLETE))
"""What a mask over the whole face treats."""

_EVER: Final = datetime.min.replace(tzinfo=UTC)


class Account(Struct, frozen=True, kw_only=True):
    """What is added up, in which zone: light of one band (None: nobody has measured which), or RF, or heat.

    Its unit tells them apart: J/cm² is light, J radiofrequency, min is CEM43.
    """

    zone: Zone
    band: Band | None
    unit: Unit


class Posting(Struct, frozen=True, kw_only=True):
    """What one session added of one kind: to the account of each of its zones `share` of it at least, all at most.

    `told` is the device's own figure; `calibrated`, whether anybody measured what the amount rests on.
    """

    zones: tuple[Zone, ...]
    band: Band | None
    unit: Unit
    amount: Between
    share: float
    told: Quantity | None
    calibrated: bool

    @property
    def delivered(self) -> Between:
        """What a zone took, worn or not."""
        return _at_least(self.amount, self.share)

    def worn(self, part: Between) -> Between:
        """What reached its skin, where this part of the session's dose did."""
        return _at_least(worn_dose(self.amount, part), self.share)


class Entry(Struct, frozen=True, kw_only=True):
    """One session in the ledger: between when and when it began, its signs of wear, and what it added."""

    session: SessionId
    earliest: datetime
    latest: datetime
    wear: WearSigns
    postings: tuple[Posting, ...]


class Row(Struct, frozen=True, kw_only=True):
    """One account over one window: delivered, worn, the devices' own figures, of how many sessions at most."""

    account: Account
    delivered: Between
    worn: Between
    told: Quantity | None
    calibrated: bool
    sessions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """The accounts of a patient at an instant, over the day and the week up to then, both rolling."""

    at: datetime
    day: tuple[Row, ...]
    week: tuple[Row, ...]


class Given:
    """What the sessions of a course gave until an instant, reckoned once, and as far back as is asked for."""

    def __init__(self, ordered: OrderedCourse, until: datetime) -> None:
        self._ordered = ordered
        self._since = self.until = until
        self.valid = practice_at(ordered.course.practices, until).worn_probability
        self._entries: list[Entry] = []

    def after(self, since: datetime) -> list[Entry]:
        """The sessions that may have begun after an instant, and not after the last one, by their latest start."""
        if since < self._since:
            self._since, self._entries = since, self._reckoned(since)
        return [entry for entry in self._entries if entry.latest > since]

    def _reckoned(self, since: datetime) -> list[Entry]:
        devices = {device.uid: _Emitter(device) for device in self._ordered.course.devices}
        found = [
            _entry(session, devices.get(session.device))
            for session in self._ordered.after(since)
            if session.started is None or session.started.earliest <= self.until
        ]
        return sorted(found, key=lambda entry: (entry.latest, entry.session))


def ledger(given: Given) -> Ledger:
    """The ledger of a course at the instant until which it is given."""
    at, recent = given.until, given.after(given.until - WEEK)
    day, week = (rows(recent, at - span, at, given.valid) for span in (DAY, WEEK))
    return Ledger(at=at, day=day, week=week)


class _Emitter:
    """A device as a ledger sees it: how far its own figure can be trusted, and what its programmes put out by band."""

    def __init__(self, device: CourseDevice) -> None:
        self.dose_fraction = device.calibration.dose_fraction
        self._outputs = device.outputs
        self._emissions: dict[int | None, tuple[Emission, ...]] = {}

    def emissions(self, program: int | None) -> tuple[Emission, ...]:
        """What a programme emits, by band; empty where nobody has measured it."""
        if program not in self._emissions:
            self._emissions[program] = emissions(self._outputs, program)
        return self._emissions[program]


def rows(sessions: Iterable[Entry], since: datetime, until: datetime, valid: float) -> tuple[Row, ...]:
    """Every account that something was added to after `since` and not after `until`, those of one zone together.

    `valid`: the worn probability from which a session counts as worn.
    """
    within = (entry for entry in sessions if entry.earliest <= until and entry.latest > since)
    parts = [part for entry in within for part in _parts(entry, since, until, valid)]
    places: dict[_Kind, dict[Zone, list[int]]] = {}
    for place, part in enumerate(parts):
        of_kind = places.setdefault((part.posting.band, part.posting.unit), {})
        for zone in part.posting.zones:
            of_kind.setdefault(zone, []).append(place)
    every = [
        (Account(zone=zone, band=band, unit=unit), total)
        for (band, unit), zones in places.items()
        for zone, total in _totals(parts, zones)
    ]
    return tuple(_row(account, total) for account, total in sorted(every, key=lambda one: _order(one[0])))


@lru_cache(maxsize=256)
def zones_of(zones: tuple[Zone, ...]) -> tuple[Zone, ...]:
    """The zones that are treated, the whole face as its parts."""
    return tuple(dict.fromkeys(part for zone in zones for part in (FACE if zone is Zone.WHOLE_FACE else (zone,))))


_Kind = tuple[Band | None, Unit]

_ZONES: Final = {zone: place for place, zone in enumerate(Zone)}
_BANDS: Final = {band: place for place, band in enumerate((None, *Band))}


def _order(account: Account) -> tuple[int, int, str]:
    return _ZONES[account.zone], _BANDS[account.band], account.unit


class _Part(Struct, frozen=True):
    """What a session added, and whether it surely began in the window."""

    posting: Posting
    worn: Between
    surely: bool


def _parts(entry: Entry, since: datetime, until: datetime, valid: float) -> Iterator[_Part]:
    surely = entry.earliest > since and entry.latest <= until
    part = worn_part(entry.wear, worn_probability(entry.wear), valid)
    return (_Part(posting, posting.worn(part), surely) for posting in entry.postings)


class _Total(Struct, frozen=True):
    """The parts of one account added up."""

    delivered: Between
    worn: Between
    told: float | None
    calibrated: bool
    sessions: int


def _totals(parts: Sequence[_Part], zones: Mapping[Zone, list[int]]) -> Iterator[tuple[Zone, _Total]]:
    """Of each zone; those to which the same sessions gave share one."""
    lists = {zone: tuple(places) for zone, places in zones.items()}
    totals = {places: _total([parts[place] for place in places]) for places in set(lists.values())}
    return ((zone, totals[places]) for zone, places in lists.items())


def _total(parts: Sequence[_Part]) -> _Total:
    told = [part.posting.told.value for part in parts if part.posting.told]
    return _Total(
        _sum((part.posting.delivered, part.surely) for part in parts),
        _sum((part.worn, part.surely) for part in parts),
        sum(told) if told else None,
        all(part.posting.calibrated for part in parts),
        len(parts),
    )


def _row(account: Account, total: _Total) -> Row:
    return Row(
        account=account,
        delivered=total.delivered,
        worn=total.worn,
        told=None if total.told is None else Quantity(total.told, account.unit),
        calibrated=total.calibrated,
        sessions=total.sessions,
    )


def _sum(parts: Iterable[tuple[Between, bool]]) -> Between:
    low = high = 0.0
    for part, surely in parts:
        low += part.low if surely else 0.0
        high += part.high
    return Between(low=low, high=high)


def _entry(session: PastSession, device: _Emitter | None) -> Entry:
    placed = session.started
    return Entry(
        session=session.session,
        earliest=placed.earliest if placed else _EVER,
        latest=placed.latest if placed else session.heard_at,
        wear=session.wear,
        postings=tuple(_postings(session, device)),
    )


def _postings(session: PastSession, device: _Emitter | None) -> Iterator[Posting]:
    """Light or radiofrequency, and heat.

    Several zones are treated one after the other, each for an equal share of the time, or at once: a zone took its
    share at least, and all at most. Where nobody knows the zones, and of heat in several, it may have taken none.
    """
    known, zones = len(session.zones), zones_of(session.zones) or FACE
    amounts = [(*one, 1 / known if known else 0.0) for one in _delivered(session, device)]
    if session.cem43_min is not None:
        amounts.append((None, Unit.MINUTE, session.cem43_min, None, True, 1.0 if known == 1 else 0.0))
    for band, unit, amount, told, calibrated, share in amounts:
        yield Posting(zones=zones, band=band, unit=unit, amount=amount, share=share, told=told, calibrated=calibrated)


def _at_least(amount: Between, share: float) -> Between:
    """What is surely there of an amount of which there is a share at least, and all at most."""
    return amount if share == 1 else Between(low=amount.low * share, high=amount.high)


_Delivered = tuple[Band | None, Unit, Between, Quantity | None, bool]


def _delivered(session: PastSession, device: _Emitter | None) -> list[_Delivered]:
    told = session.dose
    light = session.modality is Modality.LED
    if light and device and (shone := device.emissions(session.program)):
        return [(one.band, Unit.JOULE_PER_CM2, one.fluence(session.active), told, True) for one in shone]
    if told is None:
        return []
    fraction = device.dose_fraction if device else None
    doubt = told.value * (fraction or 0.0)
    delivered = Between(low=max(0.0, told.value - doubt), high=told.value + doubt)
    return [(None, told.unit, delivered, told, fraction is not None)]
