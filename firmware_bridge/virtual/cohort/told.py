"""Labels: what is true of a session, or of a time, in so far as something was done there."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from firmware_bridge.virtual.cohort.behaviour import Will
from firmware_bridge.virtual.cohort.deeds import REST_H, Spell
from firmware_bridge.virtual.cohort.labels import Done, Label
from firmware_bridge.virtual.cohort.lives import Lived
from firmware_bridge.virtual.cohort.reach import Passage, Reached, tampered_by
from firmware_bridge.virtual.cohort.samples import longest_seen
from firmware_bridge.virtual.cohort.span import Cohort
from firmware_bridge.virtual.cohort.units import DOSE_UNITS, LEVEL_UNITS, DeviceUnit
from firmware_bridge.virtual.cohort.written import Skin, Taken, is_unfit
from vocabulary.devices import Modality
from vocabulary.identity import SessionId
from vocabulary.light import Band
from vocabulary.quantities import Quantity, Unit
from vocabulary.readings import EndReason

_ADDED: Final = frozenset((*REST_H, Done.BORROWED))
"""Sessions besides the planned ones: they shorten the rest before themselves and before the next."""

TWICE: Final = 2
"""Sessions of light within 24 hours that are nothing out of the ordinary: two evenings, the second a little earlier."""

_NONE: Final = timedelta(0)
_A_DAY: Final = timedelta(days=1)
_OF_A_SESSION: Final = frozenset((Done.USED_ON_HOLD, Done.CLOCK_LOST, Done.OTHER_DAYS))
_SEEN_BY_ALL: Final = frozenset((Done.USED_ON_HOLD, Done.OTHER_DAYS))
_SHOWN_BY_SAMPLES: Final = frozenset(
    (Done.ON_THE_TABLE, Done.DRY_GEL, Done.NO_EYE_SHIELD, Done.BORROWED, Done.OTHER_LEVEL)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A true session, the one before it with a device of its kind, and what the store has of it, None for nothing."""

    session: SessionId
    lived: Lived
    before: Lived | None
    passage: Passage | None
    reached: Reached | None


def label_session(told: Told) -> Iterator[Label]:
    """Everything that was done in one session or to it."""
    lived = told.lived
    plain = _plain(told)
    if lived.act.deed is not None and lived.act.deed not in REST_H:
        yield _figured(plain, told, lived.act.deed)
    if (cause := _short_rest(told)) is not None and told.before is not None:
        rest_min = (lived.act.began - told.before.ended) / timedelta(minutes=1)
        yield replace(plain, kind=cause, value=Quantity(rest_min, Unit.MINUTE), lasted=None, seen=None)
    if lived.end is EndReason.USER:
        yield replace(plain, kind=Done.STOPPED_EARLY, value=Quantity(lived.seconds, Unit.SECOND))
    if not lived.act.unit.prescribed:
        yield replace(plain, kind=Done.UNPRESCRIBED)
    for spell in lived.spells:
        if spell.kind in (*_OF_A_SESSION, Done.CLOCK_TAMPERED) and _shows(told, spell):
            yield replace(plain, kind=spell.kind, value=_shift(told, spell))


def _plain(told: Told) -> Label:
    lived = told.lived
    return Label(
        kind=lived.act.deed or Done.DOUBLE_SESSION,
        modality=lived.act.unit.product.modality,
        session=told.session,
        device=lived.act.unit.uid,
        at=lived.act.began,
        until=lived.ended,
        value=None,
        lasted=None,
        seen=None,
        recorded=told.reached is not None and told.reached.past.recorded,
    )


def _figured(plain: Label, told: Told, deed: Done) -> Label:
    """With what went astray, and how much of it the store can have seen."""
    lived, unit = told.lived, DOSE_UNITS[told.lived.act.unit.product.modality]
    if lived.heated is not None:
        hot = lived.heated
        lasted, seen = timedelta(seconds=hot.last - hot.first), _seen(told, hot.first, hot.last + 1)
        return replace(plain, kind=deed, value=Quantity(hot.celsius, Unit.CELSIUS), lasted=lasted, seen=seen)
    if deed is Done.OVER_LONG:
        return replace(plain, kind=deed, value=Quantity(lived.seconds, Unit.SECOND))
    if deed is Done.OTHER_LEVEL:
        level = Quantity(lived.level, LEVEL_UNITS[lived.act.unit.product.modality])
        return replace(plain, kind=deed, value=level, seen=_seen(told, 0, lived.seconds))
    seen_at_all = _seen(told, 0, lived.seconds) if deed in _SHOWN_BY_SAMPLES else None
    lasted = timedelta(seconds=lived.seconds)
    return replace(plain, kind=deed, value=Quantity(lived.dose, unit), lasted=lasted, seen=seen_at_all)


def _seen(told: Told, first: int, end: int) -> timedelta:
    sequence = told.reached.samples.sequence if told.reached else ()
    return timedelta(seconds=max(longest_seen(sequence, first, end) - 1, 0))


def _short_rest(told: Told) -> Done | None:
    """Why the rest before a session may have been short, if something was done that made it so."""
    before, deed = told.before, told.lived.act.deed
    if before is None:
        return None
    if deed in _ADDED:
        return deed
    if before.act.deed in _ADDED:
        return before.act.deed
    return Done.CROSSED_ZONES if before.act.zone != told.lived.act.zone else None


def _shows(told: Told, spell: Spell) -> bool:
    """A clock that is wrong matters to a session that nobody saw as it happened."""
    return spell.kind in _SEEN_BY_ALL or (told.passage is not None and not told.passage.live)


def _shift(told: Told, spell: Spell) -> Quantity | None:
    if spell.kind is not Done.CLOCK_TAMPERED:
        return None
    return Quantity(tampered_by(told.lived) / timedelta(minutes=1), Unit.MINUTE)


def label_skin(told: Iterable[Told], skin: Skin) -> Iterator[Label]:
    """That somebody had a session which their skin was not to have."""
    for one in told:
        unit, lights = one.lived.act.unit, one.lived.program.lights
        blue = any(light.band is Band.BLUE for light in lights)
        if unit.prescribed and is_unfit(skin, unit.product.modality, blue=blue):
            yield replace(_plain(one), kind=Done.UNFIT_SKIN)


def label_days(told: Iterable[Told]) -> Iterator[Label]:
    """That more than two sessions of light fell into 24 hours: `value` is the dose of all, the last included."""
    light = [one for one in told if one.lived.act.unit.product.modality is Modality.LED]
    for one in light:
        began = one.lived.act.began
        doses = [each.lived.dose for each in light if began - _A_DAY < each.lived.act.began <= began]
        if len(doses) > TWICE:
            yield replace(_plain(one), kind=Done.MUCH_IN_A_DAY, value=Quantity(sum(doses), Unit.JOULE_PER_CM2))


def label_limits(cohort: Cohort, taken: Iterable[Taken], units: Sequence[DeviceUnit]) -> Iterator[Label]:
    """That a device had its limits only a day or more after they were sent, or never."""
    modalities = {unit.uid: unit.product.modality for unit in units}
    for one in taken:
        until = min(one.reported_at or cohort.until_at, cohort.until_at)
        if until - one.asked_at > _A_DAY:
            yield Label(
                kind=Done.LIMITS_LATE,
                modality=modalities[one.device],
                session=None,
                device=one.device,
                at=one.asked_at,
                until=until,
                value=None,
                lasted=until - one.asked_at,
                seen=None,
                recorded=True,
            )


def label_evenings(told: Iterable[Told]) -> Iterator[Label]:
    """That somebody used both devices within a day, light second: `value` is the pause between the two."""
    everything = list(told)
    warm = [one.lived for one in everything if one.lived.act.unit.product.modality is Modality.RF]
    for one in everything:
        if one.lived.act.unit.product.modality is Modality.LED:
            pauses = [pause for lived in warm if _NONE <= (pause := one.lived.act.began - lived.ended) < _A_DAY]
            if pauses:
                value = Quantity(min(pauses) / timedelta(minutes=1), Unit.MINUTE)
                yield replace(_plain(one), kind=Done.LIGHT_AFTER_HEAT, value=value)


def label_spells(cohort: Cohort, spells: Iterable[Spell], units: Sequence[DeviceUnit]) -> Iterator[Label]:
    """What went on for a time, rather than in a session."""
    for spell in spells:
        if spell.kind not in _OF_A_SESSION:
            during = cohort.during(spell)
            unit = next(unit for unit in units if unit.product.modality is spell.modality)
            yield Label(
                kind=spell.kind,
                modality=spell.modality,
                session=None,
                device=unit.uid,
                at=during.from_at,
                until=cohort.instant(spell.last),
                value=None,
                lasted=cohort.instant(spell.last) - during.from_at,
                seen=None,
                recorded=True,
            )


def label_will(cohort: Cohort, will: Will, starts_on_day: int) -> Iterator[Label]:
    """That somebody gave up, or used the device less and less, from when on."""
    day = starts_on_day + will.turns_on_day
    if day < cohort.days:
        yield Label(
            kind=Done.FADED if will.fades_in_days else Done.GAVE_UP,
            modality=None,
            session=None,
            device=None,
            at=cohort.instant(day),
            until=cohort.until_at,
            value=None,
            lasted=cohort.until_at - cohort.instant(day),
            seen=None,
            recorded=True,
        )
