"""A panel's sessions, out of its countdown: when one begins, goes on and ends, and what is known of it.

Rules, kept here:
- Every switching on is a session, and its countdown names its seconds: nothing is counted here.
- A countdown that is seen again goes on, if it lost as much as time has passed; else it is another one.
- Switching off freezes what is left, so the end of a session is known however late the panel is asked.
- A timer that is changed while the light is on ends nothing, as long as the light was watched.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import msgspec

from device_drivers.blockbluelight.record import FIRST, PanelAccount
from device_drivers.blockbluelight.status import Status
from vocabulary.devices import DeviceState
from vocabulary.instants import Anchor, Tick
from vocabulary.readings import EndReason, Measurement, Reading, Sign

SECOND: Final = timedelta(seconds=1)

SLACK: Final = timedelta(seconds=3)
"""How far a countdown and the gateway's clock may be apart: whole seconds, the way of a reply, two hours of drift."""

WATCHED: Final = timedelta(seconds=5)
"""Two statuses no further apart than this leave no room for what nobody saw."""

LONGEST: Final = timedelta(seconds=0xFFFF)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A status, when it was asked for and when it came, and the irradiance by calibration, None without one."""

    status: Status
    asked_at: datetime
    answered_at: datetime
    irradiance_mw_per_cm2: float | None

    @property
    def at(self) -> datetime:
        """When it was so."""
        return self.asked_at + (self.answered_at - self.asked_at) / 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Countdown:
    """A session that has not ended, as it was at `seen_at`.

    `before`: how long it was on before its timer was changed. The dose is None from the first second on whose
    irradiance is not known.
    """

    counter: int
    timeline: int
    before: timedelta
    initial: timedelta
    remaining: timedelta
    seen_at: datetime
    fluence_j_per_cm2: float | None
    peak_irradiance_mw_per_cm2: float | None

    @property
    def active(self) -> timedelta:
        """How long the light has been on."""
        return self.before + self.initial - self.remaining

    @property
    def planned(self) -> timedelta:
        """How long it will have been on."""
        return self.before + self.initial


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelMemory:
    """What is remembered of a panel: the checksum of its last record, and the session that is open."""

    last_crc: int = FIRST
    open: Countdown | None = None


def begin(counter: int, timeline: int, seen: Seen) -> Countdown:
    """A session that nobody knew of is on."""
    status = seen.status
    at_zero = Countdown(
        counter=counter,
        timeline=timeline,
        before=max(timedelta(0), status.remaining - status.initial),
        initial=status.initial,
        remaining=max(status.initial, status.remaining),
        seen_at=seen.at,
        fluence_j_per_cm2=0.0,
        peak_irradiance_mw_per_cm2=None,
    )
    return _counted(at_zero, status.remaining, seen)


def goes_on(countdown: Countdown, seen: Seen) -> bool:
    """Whether a panel that is on is in the session that was open."""
    status, passed = seen.status, seen.at - countdown.seen_at
    if status.initial != countdown.initial:
        return passed <= WATCHED and _with_timer(countdown, seen).planned <= LONGEST
    counted = countdown.remaining - status.remaining
    return counted >= timedelta(0) and abs(counted - passed) <= SLACK


def advance(countdown: Countdown, seen: Seen) -> Countdown:
    """The session as it is now, when it goes on."""
    if seen.status.initial != countdown.initial:
        countdown = _with_timer(countdown, seen)
    return _counted(countdown, seen.status.remaining, seen)


def ending(countdown: Countdown, seen: Seen) -> tuple[Countdown, EndReason]:
    """How a session ended that no longer goes on, by what the panel says now."""
    status, passed = seen.status, seen.at - countdown.seen_at
    counted, same = countdown.remaining - status.remaining, status.initial == countdown.initial
    if not status.on and same and timedelta(0) <= counted <= passed + SLACK:
        ended = _counted(countdown, status.remaining, seen)
        return ended, EndReason.USER if status.remaining else EndReason.DONE
    if passed > WATCHED:
        return countdown, EndReason.UNKNOWN
    if countdown.remaining < passed + SECOND:
        return _counted(countdown, timedelta(0), seen), EndReason.DONE
    return countdown, EndReason.USER


def reading(countdown: Countdown, seen: Seen) -> Reading | None:
    """The sample of the second that has just been counted; None before the first one is."""
    number = countdown.active // SECOND - 1
    if number < 0:
        return None
    return Reading(
        state=DeviceState.EMITTING,
        zone=None,
        sequence_low=number & 0xFFFF,
        counter_low=countdown.counter & 0xFFFF,
        measurement=Measurement(
            active_s=number + 1,
            remaining_s=countdown.remaining // SECOND,
            signs=Sign(0) if seen.irradiance_mw_per_cm2 is None else Sign.DOSE_ESTIMATED,
            irradiance_mw_per_cm2=seen.irradiance_mw_per_cm2,
            fluence_j_per_cm2=countdown.fluence_j_per_cm2,
        ),
    )


def anchor(countdown: Countdown, seen: Seen) -> Anchor:
    """The countdown as a clock: it shows whole seconds, so the true one lies up to one later."""
    tick = Tick(timeline=countdown.timeline, since_start=countdown.active + SECOND / 2)
    return Anchor(tick=tick, at=seen.at, uncertainty=(seen.answered_at - seen.asked_at) / 2 + SECOND / 2)


def account(countdown: Countdown, reason: EndReason, previous_crc: int) -> PanelAccount:
    """What there is to say of a session that has ended."""
    return PanelAccount(
        counter=countdown.counter,
        timeline=countdown.timeline,
        planned=countdown.planned,
        active=countdown.active,
        end_reason=reason,
        fluence_j_per_cm2=countdown.fluence_j_per_cm2,
        peak_irradiance_mw_per_cm2=countdown.peak_irradiance_mw_per_cm2,
        previous_crc=previous_crc,
    )


def timeline_of(epoch: str, counter: int) -> int:
    """Each countdown is a timeline of its own: 32 bits, and hardly those of another epoch of the same panel."""
    return (int(epoch, 16) + counter) & 0xFFFFFFFF


_encoder: Final = msgspec.json.Encoder()
_decoder: Final = msgspec.json.Decoder(PanelMemory)


def dump_memory(memory: PanelMemory) -> str:
    """The memory as a text."""
    return _encoder.encode(memory).decode()


def load_memory(text: str) -> PanelMemory:
    """What `dump_memory` gave; of an empty text, or one of another version, nothing is remembered."""
    try:
        return _decoder.decode(text) if text else PanelMemory()
    except msgspec.DecodeError:
        return PanelMemory()


def _with_timer(countdown: Countdown, seen: Seen) -> Countdown:
    """The session as it was, counted by another timer."""
    status = seen.status
    passed = round((seen.at - countdown.seen_at) / SECOND) * SECOND
    before = countdown.active + passed - (status.initial - status.remaining)
    return replace(countdown, before=before, initial=status.initial, remaining=status.remaining + passed)


def _counted(countdown: Countdown, remaining: timedelta, seen: Seen) -> Countdown:
    """The session with so much left. The light is taken to have been as it is now since it was seen last."""
    irradiance, fluence = seen.irradiance_mw_per_cm2, countdown.fluence_j_per_cm2
    peaks = (countdown.peak_irradiance_mw_per_cm2, irradiance)
    since = (countdown.remaining - remaining) / SECOND
    return replace(
        countdown,
        remaining=remaining,
        seen_at=seen.at,
        fluence_j_per_cm2=None if irradiance is None or fluence is None else fluence + irradiance * since / 1000,
        peak_irradiance_mw_per_cm2=max((one for one in peaks if one is not None), default=None),
    )
