"""How things are said to people: ages, times, amounts with their units. `None` is said too, never left out."""

import re
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from clinical.plan import Level, Phase
from clinical.regimen import STANDING_LIMITS
from clinical.regimen.wording import lasting_words, phase_words, timing_words, window_words
from monitor_api.http.queries.sessions import Started
from monitor_api.records.signing import Proof
from vocabulary.devices import Modality
from vocabulary.instants import Known
from vocabulary.quantities import Quantity, Unit
from vocabulary.severity import Severity

SYMBOLS: Final = {
    Unit.CELSIUS: "°C",
    Unit.JOULE: "J",
    Unit.JOULE_PER_CM2: "J/cm²",
    Unit.MILLIWATT_PER_CM2: "mW/cm²",
    Unit.MINUTE: "min",
    Unit.OHM: "Ω",
    Unit.SECOND: "s",
    Unit.WATT: "W",
    Unit.FRACTION: "",
}
"""Units as people write them."""

DECIMALS: Final = {Unit.JOULE: 0, Unit.OHM: 0, Unit.SECOND: 0}
"""Digits after the point; one where nothing is said."""

SHAPES: Final = {Severity.HIGH: "▲", Severity.MEDIUM: "◆", Severity.LOW: "●", Severity.INFO: "i"}
"""Each severity has a shape besides its colour."""

DEVICES: Final = {Modality.LED: "LED mask", Modality.RF: "RF device", Modality.EMS: "EMS device"}

NOT_KNOWN: Final = "not known"
NO_BREAK: Final = "\N{NO-BREAK SPACE}"

_BEFORE_UNIT: Final = re.compile(r"(?<=\d) (?=(°C|s|min|h|J|W|Ω|mW|%)(\W|$))")

_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


_FIGURE_UNITS: Final = {"1": "", "d": "days", "{sessions}": "sessions"}


def figure(value: float, unit: str) -> str:
    """A figure of a practice with its unit."""
    return f"{value:g} {_FIGURE_UNITS.get(unit, unit)}".strip().replace(" ", NO_BREAK)


def age(at: datetime, now: datetime) -> str:
    """How old something is, in one unit; `static/ages.js` says the same while a page is open."""
    old = max(timedelta(0), now - at)
    if old < _MINUTE:
        return f"{old.seconds} s"
    if old < 2 * _HOUR:
        return f"{old // _MINUTE} min"
    return f"{old // _HOUR} h" if old < 2 * _DAY else f"{old // _DAY} d"


def moment(at: datetime, zone: ZoneInfo) -> str:
    """A day and a time where somebody lives: Tue 17 Nov, 19:04."""
    return f"{at.astimezone(zone):%a %-d %b, %H:%M}"


def began(started: Started, zone: ZoneInfo, on: str = "") -> str:
    """When a session began, `on` before it; of one that lies between two contacts, both of them."""
    if started.known_by is not Known.BRACKET:
        return on + moment(started.earliest, zone)
    return f"between {moment(started.earliest, zone)} and {moment(started.latest, zone)}"


def time_of_day(at: datetime, zone: ZoneInfo) -> str:
    """A time of today: 14:32:07."""
    return f"{at.astimezone(zone):%H:%M:%S}"


def long_day(at: datetime, zone: ZoneInfo) -> str:
    """A day in full: Thursday 19 November."""
    return f"{at.astimezone(zone):%A %-d %B}"


def clock_time(seconds: float) -> str:
    """A time within a session: 6:21."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def lasting(seconds: float) -> str:
    """How long something takes, to the second: 45 s, 4 min, 10 min 30 s, 12 h."""
    return lasting_words(round(seconds))


def number(value: float, unit: Unit) -> str:
    """A value with as many digits as its unit is read with, thousands apart."""
    return f"{value:,.{DECIMALS.get(unit, 1)}f}"


def amount(quantity: Quantity | None) -> str:
    """A value with its unit."""
    return (
        NOT_KNOWN if quantity is None else f"{number(quantity.value, quantity.unit)}{NO_BREAK}{SYMBOLS[quantity.unit]}"
    )


def standing_skin(modality: Modality) -> str | None:
    """What skin is held to where nobody prescribed a limit; None where nothing is."""
    standing = STANDING_LIMITS[modality]
    if standing.skin_celsius is None:
        return None
    grace = lasting(standing.skin_grace.total_seconds())
    return f"not above {standing.skin_celsius:g} °C for {grace}, as without a regimen"


def in_full(phase: Phase) -> str:
    """A phase as it is signed: how often, until when, how long and how much, with every digit."""
    often = timing_words(phase.timing)
    words = f"{often[0].upper()}{often[1:]}, {phase_words(phase)}"
    return f"{words}: {precisely(phase.duration)}, {exact(phase.dose)}"


def precisely(lasts: timedelta) -> str:
    """How long something may take, as it is signed: 2.5 s, 16 h 30 min."""
    return _BEFORE_UNIT.sub(NO_BREAK, lasting_words(lasts.total_seconds()))


def strength(level: Level, modality: Modality) -> str:
    """Within what a device is to emit: 30 to 40 mW/cm²."""
    unit = Unit.WATT if modality is Modality.RF else Unit.MILLIWATT_PER_CM2
    return f"{level.lowest:.12g} to {level.highest:.12g}{NO_BREAK}{SYMBOLS[unit]}"


def exact(quantity: Quantity) -> str:
    """A value with all of its digits, and its unit."""
    return f"{quantity.value:.12g}{NO_BREAK}{SYMBOLS[quantity.unit]}"


def window(lasts: timedelta) -> str:
    """A window of time: 1 day, 7 days, 90 min."""
    return window_words(lasts.total_seconds())


PROOFS: Final = {
    Proof.VALID: "signature valid",
    Proof.BROKEN: "signature broken: this is not what was signed, and no home is given it",
    Proof.KEY_UNKNOWN: "signed with a key that is not known here, and no home is given it",
    Proof.UNSIGNED: "from before there were signatures",
}


def proof_words(proof: Proof) -> str:
    """What a signature proves."""
    return PROOFS[proof]


def said(text: str) -> str:
    """A rule's own sentence, with units as people write them, and never a number apart from its unit."""
    return _BEFORE_UNIT.sub(NO_BREAK, text.replace("/cm2", "/cm²").replace(" Cel", " °C"))


def device_name(modality: Modality | None) -> str:
    """What kind of device it is."""
    return "Device of unknown kind" if modality is None else DEVICES[modality]


def count(number: int, one: str, many: str | None = None) -> str:
    """A count with its noun: 1 session, 2 sessions."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
