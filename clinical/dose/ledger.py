"""The energy ledger: what each zone of one patient took in the last day and week, of all devices and makers together.

Rules, kept here:
- Bands are never added to one another, nor light to radiofrequency, nor either to heat.
- A figure is an interval. Its lower end is what surely was, its upper end what may have been: the calibration, the
  clock, the zone and the samples that never came each leave something open.
- Nothing rests on the order of the sessions, nor on how often one is given.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

from clinical.course import Between, Course, CourseDevice, PastSession
from clinical.dose.bands import band_doses
from clinical.dose.worn import worn_dose, worn_probability
from clinical.plan import Cap
from vocabulary.devices import Modality, Zone
from vocabulary.identity import SessionId
from vocabulary.light import Band
from vocabulary.quantities import Quantity, Unit

DAY: Final = timedelta(days=1)
WEEK: Final = timedelta(days=7)

FACE: Final = tuple(zone for zone in Zone if zone not in (Zone.WHOLE_FACE, Zone.NECK, Zone.DECOLLETE))
"""What a mask over the whole face treats."""

_EVER: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What is added up, in which zone: light of one band (None: nobody has measured which), or RF, or heat.

    Its unit tells them apart: J/cm² is light, J radiofrequency, min is CEM43.
    """

    zone: Zone
    band: Band | None
    unit: Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """What one session added of one kind: the same to the account of each of its zones.

    `told` is the device's own figure; `calibrated`, whether anybody measured what the delivered one rests on.
    """

    zones: tuple[Zone, ...]
    band: Band | None
    unit: Unit
    delivered: Between
    worn: Between
    told: Quantity | None
    calibrated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One session in the ledger: between when and when it began, and what it added."""

    session: SessionId
    earliest: datetime
    latest: datetime
    postings: tuple[Posting, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
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


def ledger(course: Course, at: datetime) -> Ledger:
    """The ledger of a course at an instant."""
    recent = entries(course, at - WEEK, at)
    return Ledger(at=at, day=rows(recent, at - DAY, at), week=rows(recent, at - WEEK, at))


def entries(course: Course, since: datetime, until: datetime) -> tuple[Entry, ...]:
    """The sessions that may have begun after `since` and not after `until`, each once."""
    devices = {device.uid: device for device in course.devices}
    found = {
        session.session: session
        for session in course.sessions
        if (session.started.earliest if session.started else _EVER) <= until
        and (session.started.latest if session.started else session.heard_at) > since
    }
    return tuple(_entry(session, devices.get(session.device)) for session in found.values())


def rows(sessions: Iterable[Entry], since: datetime, until: datetime) -> tuple[Row, ...]:
    """Every account that something was added to after `since` and not after `until`, those of one zone together."""
    lists: dict[_Kind, dict[Zone, list[tuple[Posting, bool]]]] = {}
    for entry in sessions:
        if entry.earliest <= until and entry.latest > since:
            surely = entry.earliest > since and entry.latest <= until
            for posting in entry.postings:
                of_kind = lists.setdefault((posting.band, posting.unit), {})
                for zone in posting.zones:
                    of_kind.setdefault(zone, []).append((posting, surely))
    every = [
        (Account(zone=zone, band=band, unit=unit), postings)
        for (band, unit), zones in lists.items()
        for zone, postings in zones.items()
    ]
    return tuple(_row(account, postings) for account, postings in sorted(every, key=lambda one: _order(one[0])))


def used_of(cap: Cap, sessions: Iterable[Entry], until: datetime) -> tuple[Row, ...]:
    """What of a cap is used in the window that ends at `until`: a row for each band and zone that it is about."""
    return tuple(
        row
        for row in rows(sessions, until - cap.window, until)
        if row.account.unit is cap.dose.unit
        and cap.band in (None, row.account.band)
        and (cap.zone is None or row.account.zone in zones_of((cap.zone,)))
    )


@lru_cache(maxsize=256)
def zones_of(zones: tuple[Zone, ...]) -> tuple[Zone, ...]:
    """The zones that are treated, the whole face as its parts."""
    return tuple(dict.fromkeys(part for zone in zones for part in (FACE if zone is Zone.WHOLE_FACE else (zone,))))


_Kind = tuple[Band | None, Unit]

_ZONES: Final = {zone: place for place, zone in enumerate(Zone)}
_BANDS: Final = {band: place for place, band in enumerate((None, *Band))}


def _order(account: Account) -> tuple[int, int, str]:
    return _ZONES[account.zone], _BANDS[account.band], account.unit


def _row(account: Account, postings: list[tuple[Posting, bool]]) -> Row:
    told = [posting.told.value for posting, _ in postings if posting.told]
    return Row(
        account=account,
        delivered=_sum((posting.delivered, surely) for posting, surely in postings),
        worn=_sum((posting.worn, surely) for posting, surely in postings),
        told=Quantity(sum(told), account.unit) if told else None,
        calibrated=all(posting.calibrated for posting, _ in postings),
        sessions=len(postings),
    )


def _sum(parts: Iterable[tuple[Between, bool]]) -> Between:
    low = high = 0.0
    for part, surely in parts:
        low += part.low if surely else 0.0
        high += part.high
    return Between(low=low, high=high)


def _entry(session: PastSession, device: CourseDevice | None) -> Entry:
    placed = session.started
    return Entry(
        session=session.session,
        earliest=placed.earliest if placed else _EVER,
        latest=placed.latest if placed else session.heard_at,
        postings=tuple(_postings(session, device)),
    )


def _postings(session: PastSession, device: CourseDevice | None) -> Iterator[Posting]:
    """Light or radiofrequency, and heat.

    Several zones are treated one after the other, each for an equal share of the time, or at once: a zone took its
    share at least, and all at most. Where nobody knows the zones, and of heat in several, it may have taken none.
    """
    known, zones = len(session.zones), zones_of(session.zones) or FACE
    amounts = [(*one, 1 / known if known else 0.0) for one in _delivered(session, device)]
    if session.cem43_min is not None:
        amounts.append((None, Unit.MINUTE, session.cem43_min, None, True, 1.0 if known == 1 else 0.0))
    worn = worn_probability(session.wear) if amounts else None
    for band, unit, delivered, told, calibrated, share in amounts:
        yield Posting(
            zones=zones,
            band=band,
            unit=unit,
            delivered=_at_least(delivered, share),
            worn=_at_least(worn_dose(delivered, worn), share),
            told=told,
            calibrated=calibrated,
        )


def _at_least(amount: Between, share: float) -> Between:
    """What is surely there of an amount of which there is a share at least, and all at most."""
    return amount if share == 1 else Between(low=amount.low * share, high=amount.high)


_Delivered = tuple[Band | None, Unit, Between, Quantity | None, bool]


def _delivered(session: PastSession, device: CourseDevice | None) -> list[_Delivered]:
    told = session.dose
    light = session.modality is Modality.LED
    measured = band_doses(device.outputs, session.program, session.active) if light and device else ()
    if measured:
        return [(one.band, Unit.JOULE_PER_CM2, one.fluence, told, True) for one in measured]
    if told is None:
        return []
    fraction = device.calibration.dose_fraction if device else None
    doubt = told.value * (fraction or 0.0)
    delivered = Between(low=max(0.0, told.value - doubt), high=told.value + doubt)
    return [(None, told.unit, delivered, told, fraction is not None)]
