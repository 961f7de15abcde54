"""Whether what was done is beyond what is allowed by more than the doubt, and whether the store could know.

Rules, kept here:
- Each answer is yes, no, or None where the evidence did not reach the store. No rule is asked.
- What was done is taken from the label; of the store only what it has, and how sure it is of it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import exp
from statistics import median
from typing import Final
from zoneinfo import ZoneInfo

from clinical.course import CourseDevice, PastSession
from clinical.plan import Phase
from clinical.regimen import Limits, Regimen
from firmware_bridge.virtual.cohort.labels import Label
from monitor_api.cohorts.case import Case
from monitor_api.cohorts.replay import began_at
from monitor_api.sessions.skin import wearer_at
from vocabulary.devices import Feature, Modality
from vocabulary.instants import Placed
from vocabulary.light import Band

AFTER_TRIP: Final = timedelta(seconds=2)
"""Energy for longer than this after a trip is dangerous (product defaults)."""

SHIELD_OFF: Final = timedelta(seconds=10)
HARMS_EYES: Final = (Band.BLUE, Band.NEAR_INFRARED)
"""For how long a shield may be off, and under which light (domain facts 2.1)."""

COUNTS_IN_FULL: Final = 0.8
"""Of the planned dose or duration (product defaults)."""

SILENT_INTERVALS: Final = 1.5
SILENT_AT_LEAST: Final = timedelta(hours=24)
ROUND_A_SPELL: Final = timedelta(days=2)
"""A silence is told from 1.5 planned intervals on (product defaults). What went on for a time begins and ends between
two sessions: so much of it may not have been silence."""

READ_LATE: Final = timedelta(hours=30)
"""What was waiting in a device may be read so long after it, and breaks the silence of that device."""

WARM_CELSIUS, AT_REST_CELSIUS, COOLS_IN_MIN = 1.0, 34.0, 10.0
"""Skin stays warm from radiofrequency: from so much above rest it matters, and it falls to a third in so long."""

DAY_STARTS: Final = timedelta(hours=4)
"""When a therapy day starts, local time (product defaults)."""

OUTPUT_FRACTION: Final = 0.2
LEARNED, USUAL, IN_A_ROW = 7, 28, 3
"""A device is held against its calibration or the median of its last sessions, once so many are known, and it is away
when so many in a row lie off by a fifth (product defaults)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A label with what it is held against: the session as the store has it, its device, its regimen and limits."""

    label: Label
    past: PastSession | None
    device: CourseDevice | None
    regimen: Regimen | None
    phase: Phase | None
    limits: Limits
    case: Case
    labels: Sequence[Label]

    def of_device(self) -> list[PastSession]:
        """The recorded sessions of its device, as it counted them."""
        own = [one for one in self.case.course.sessions if one.device == self.label.device and one.recorded]
        return sorted(own, key=lambda one: one.counter)

    def doubt(self) -> float:
        """The part of a dose or level that the calibration leaves open."""
        return (self.device and self.device.calibration.dose_fraction) or 0.0


def overheated(held: Held) -> bool | None:
    """The skin was hotter than the limit for longer than its grace, and that was seen."""
    label, limit = held.label, held.limits.skin_celsius
    doubt = (held.device and held.device.calibration.skin_celsius) or 0.0
    if limit is None or label.value is None or label.lasted is None or label.seen is None:
        return False
    if label.value.value - doubt <= limit or label.lasted < held.limits.skin_grace:
        return False
    return True if label.seen >= held.limits.skin_grace else None


def went_on(held: Held) -> bool | None:
    """Energy went on after a trip, and that was seen."""
    label = held.label
    if label.lasted is None or label.lasted <= AFTER_TRIP:
        return False
    return True if label.seen is not None and label.seen > AFTER_TRIP else None


def on_hold(held: Held) -> bool | None:
    """The session began within a hold for sure."""
    if held.past is None:
        return None
    started = held.past.started
    if started is None:
        return False
    return any(
        hold.from_at <= started.earliest and (hold.until_at is None or started.latest < hold.until_at)
        for hold in (one.during for one in held.case.course.holds if one.modality in {None, held.past.modality})
    )


def short_rest(held: Held) -> bool | None:
    """The rest before it was shorter than the limit, as far as both clocks tell."""
    if held.past is None:
        return None
    started, rest, value = held.past.started, held.limits.rest, held.label.value
    if started is None or rest is None or value is None:
        return False
    before = _ended_before(held, held.label.modality)
    if before is None or before.started is None:
        return None
    return timedelta(minutes=value.value) + 2 * (started.uncertainty + before.started.uncertainty) < rest


def _ended_before(held: Held, modality: Modality | None) -> PastSession | None:
    """The session of a modality that ended so long before as the label says; it may never have come."""
    value, started = held.label.value, held.past.started if held.past else None
    if started is None or value is None:
        return None
    for past in held.case.course.sessions:
        if past.started is None or past.started.earliest > started.latest:
            continue
        if past.modality is modality and past.session != held.label.session:
            rest = started.at - past.started.at - past.elapsed
            doubt = started.uncertainty + past.started.uncertainty + timedelta(seconds=5)
            if abs(rest - timedelta(minutes=value.value)) <= doubt:
                return past
    return None


def too_long(held: Held) -> bool | None:
    """It ran for longer than the back-up time."""
    if held.past is None:
        return None
    limit, value = held.limits.duration, held.label.value
    return limit is not None and value is not None and value.value - 1 > limit.total_seconds()


def under_dose(held: Held) -> bool | None:
    """It gave so much less than was planned that the calibration cannot make up for it, on both sides of the truth."""
    if held.past is None or not held.past.recorded:
        return None
    value, planned = held.label.value, held.phase
    if planned is None or value is None:
        return False
    return value.value * (1 + held.doubt()) ** 2 < COUNTS_IN_FULL * planned.dose.value


def too_short(held: Held) -> bool | None:
    """It ran for less time than counts in full."""
    if held.past is None or not held.past.recorded:
        return None
    value, planned = held.label.value, held.phase
    if planned is None or value is None:
        return False
    return value.value + 2 < COUNTS_IN_FULL * planned.duration.total_seconds()


def another_programme(held: Held) -> bool | None:
    """The regimen names programmes, and the record is here."""
    if held.past is None or held.past.program is None:
        return None
    return held.regimen is not None and bool(held.regimen.programmes)


def another_level(held: Held) -> bool | None:
    """The level lay outside of what the regimen names, by more than the calibration on both sides of the truth."""
    if held.past is None or not held.past.recorded or not held.label.seen:
        return None
    wanted, value, doubt = held.regimen.level if held.regimen else None, held.label.value, held.doubt()
    if wanted is None or value is None:
        return False
    return value.value * (1 + doubt) ** 2 < wanted.lowest or value.value * (1 - doubt) ** 2 > wanted.highest


def unfit(held: Held) -> bool | None:
    """It is written for other phototypes than what is known, or the light is known and skin to be sensitive to it."""
    if held.past is None:
        return None
    skin, wanted = wearer_at(held.case.skin, began_at(held.past)), held.regimen.phototypes if held.regimen else None
    if wanted is not None and skin.phototype is not None and skin.phototype not in wanted.allowed:
        return True
    if not skin.photosensitised:
        return False
    return True if _bands(held) else None


def _bands(held: Held) -> list[Band]:
    """The light of its programme, as measured; none while its record is not here."""
    program = held.past.program if held.past else None
    return [one.band for one in held.device.outputs if one.program == program] if held.device else []


def unshielded(held: Held) -> bool | None:
    """Light that harms eyes shone, a sensor was there to see it, and what it saw arrived."""
    bands = _bands(held)
    if not bands or held.device is None or Feature.EYE_SHIELD not in held.device.features:
        return None
    if not any(band in HARMS_EYES for band in bands):
        return False
    return True if held.label.seen is not None and held.label.seen > SHIELD_OFF else None


def shown_by_samples(held: Held) -> bool | None:
    """Most of the session was seen without a break."""
    if held.past is None or held.label.seen is None or not held.past.recorded:
        return None
    return True if held.label.seen > held.past.active / 2 else None


def reached(held: Held) -> bool | None:
    """The session is in the store."""
    return True if held.past is not None else None


def lost_its_place(held: Held) -> bool | None:
    """Its record is here and nothing places it."""
    if held.past is None or not held.past.recorded:
        return None
    return held.past.started is None


def clock_seen(held: Held) -> bool | None:
    """A gateway saw that the clock had jumped; of the sessions after the one that showed it nothing more is told."""
    steps = (held.device and held.device.clock_steps) or ()
    if held.label.session is not None:
        return any(step.shown_by == str(held.label.session) for step in steps)
    return True if steps else None


def recalled(held: Held) -> bool | None:
    """The record of a session that ran on it is here."""
    return True if any(began_at(one) >= held.label.at for one in held.of_device()) else None


def cloned(held: Held) -> bool | None:
    """Both devices are known by the serial that they give."""
    device = held.device
    twins = [one for one in held.case.course.devices if device and one.serial == device.serial]
    return True if len(twins) > 1 else None


def touches_worse(held: Held) -> bool | None:
    """The impedance is known of enough sessions before, and of enough in a row since."""
    known = [one for one in held.of_device() if one.impedance_ohm is not None and one.started]
    before = [one for one in known if began_at(one) < held.label.at]
    return True if len(before) >= LEARNED and len(known) - len(before) >= IN_A_ROW else None


def output_away(held: Held) -> bool | None:
    """Output of enough sessions in a row lay away, by more than the doubt, from its calibration or its own median."""
    known = [one for one in held.of_device() if one.output_level is not None and one.program == 1]
    if not any(began_at(one) >= held.label.at for one in known):
        return None
    shone = held.device.outputs if held.device else ()
    meant = sum(one.irradiance_mw_per_cm2 for one in shone if one.program == 1) or None
    return _away_in_a_row([one.output_level for one in known if one.output_level is not None], meant)


def _away_in_a_row(levels: Iterable[float], meant: float | None) -> bool:
    usual: list[float] = []
    row = 0
    for level in levels:
        right = meant or (median(usual[-USUAL:]) if usual else level)
        away = len(usual) >= LEARNED and abs(level - right) > OUTPUT_FRACTION * right
        row = row + 1 if away else 0
        if row == IN_A_ROW:
            return True
        if not away:
            usual.append(level)
    return False


def lit_while_warm(held: Held) -> bool | None:
    """Both sessions are placed, treated the same skin, and the skin was still warm at the latest that may have been."""
    past, value = held.past, held.label.value
    warmed = _ended_before(held, Modality.RF)
    if past is None or past.started is None or value is None or warmed is None or warmed.started is None:
        return None
    if warmed.highest_skin_celsius is None or not past.zones or not warmed.zones:
        return None
    latest_min = value.value + 2 * _minutes(past.started, warmed.started)
    above = warmed.highest_skin_celsius - AT_REST_CELSIUS
    return above * exp(-latest_min / COOLS_IN_MIN) > WARM_CELSIUS


def _minutes(*placed: Placed) -> float:
    return sum((one.uncertainty for one in placed), timedelta()) / timedelta(minutes=1)


def over_cap(held: Held) -> bool | None:
    """The light of a day is over the cap of a day in its strongest band, and the store has as much of it."""
    value, past = held.label.value, held.past
    caps = [cap for cap in held.regimen.caps if cap.window == timedelta(days=1)] if held.regimen else []
    if not caps or value is None or held.regimen is None:
        return False
    lights = [one.irradiance_mw_per_cm2 or 0.0 for one in held.regimen.programmes[0].light]
    part, doubt, most = max(lights) / sum(lights), held.doubt(), caps[0].dose.value
    if value.value * part * (1 - doubt) <= most:
        return False
    if past is None or past.started is None:
        return None
    since = past.started.latest - caps[0].window
    surely = [
        one.active.total_seconds()
        for one in held.case.course.sessions
        if one.program == 1 and one.device == past.device and one.started
        if one.started.earliest > since and one.started.latest <= past.started.latest
    ]
    return True if sum(surely) * max(lights) / 1000 * (1 - doubt) > most else None


def twice_on_other_days(held: Held) -> bool | None:
    """Neither it nor the session before or after it was on a day that is named, by the clock at home.

    Somebody on a journey may be right by the clock on the wall there.
    """
    if held.past is None:
        return None
    if not _is_on_another(held, held.label):
        return False
    placed = [one for one in held.case.course.sessions if one.modality is held.past.modality and one.started]
    placed.sort(key=began_at)
    others = {one.session for one in held.labels if one.kind is held.label.kind and _is_on_another(held, one)}
    place = [one.session for one in placed].index(held.past.session) if held.past in placed else None
    if place is None:
        return None
    beside = [placed[at].session for at in (place - 1, place + 1) if 0 <= at < len(placed)]
    return any(one in others for one in beside)


def _is_on_another(held: Held, label: Label) -> bool:
    course, named = held.case.course, held.phase.timing.weekdays if held.phase else ()
    wall = label.at.astimezone(ZoneInfo(course.zone)).replace(tzinfo=None)
    return bool(named) and (wall - DAY_STARTS).weekday() not in named


def taken_late(held: Held) -> bool | None:
    """The limits were open for longer than a day."""
    return held.label.lasted is not None and held.label.lasted > timedelta(days=1)


def silent(held: Held) -> bool | None:
    """It went on for longer than people are silent, in the midst of a treatment from which nobody was excused."""
    return not _is_away(held) and _outlasts(held, ROUND_A_SPELL)


def unheard(held: Held) -> bool | None:
    """It went on for longer than a device is unheard."""
    return _outlasts(held, READ_LATE)


def _is_away(held: Held) -> bool:
    course, label = held.case.course, held.label
    away = [*(one.during for one in course.holds), *(one.during for one in course.excuses)]
    return any(one.from_at < label.until and (one.until_at is None or label.at < one.until_at) for one in away)


def _outlasts(held: Held, less: timedelta) -> bool:
    regimens = [
        one.regimen
        for one in held.case.course.regimens
        if held.label.modality in {None, one.regimen.modality} and one.from_at <= held.label.at
    ]
    longest = max((_interval(phase) for one in regimens for phase in one.phases), default=None)
    if longest is None or held.label.lasted is None:
        return False
    return held.label.lasted - less > max(SILENT_AT_LEAST, SILENT_INTERVALS * longest)


def _interval(phase: Phase) -> timedelta:
    """The longest time from one planned session to the next."""
    days = sorted(phase.timing.weekdays)
    if not days:
        return phase.timing.period / phase.timing.frequency
    return max(timedelta(days=(after - day - 1) % 7 + 1) for day, after in zip(days, [*days[1:], days[0]], strict=True))
