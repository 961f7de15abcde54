"""Rules about heat."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from clinical.facts import SAMPLE, Run, SessionFacts, longest_run
from clinical.misuse.rules import rule
from clinical.regimen import Limits
from clinical.verdicts import CLEAR, Evidence, Verdict, fires, undetermined
from vocabulary.devices import Fault, Feature
from vocabulary.quantities import Quantity, Unit
from vocabulary.readings import EndReason, Sign
from vocabulary.severity import Severity

_TRIP: Final = int(Sign.TRIP)
_SKIN_SENSOR: Final = Feature.SKIN_TEMPERATURE

AFTER_TRIP: Final = timedelta(seconds=2)
"""How long energy may go on after a trip: a relay takes time, and samples are a second apart (product defaults)."""


@rule("too-hot", version=2, severity=Severity.HIGH)
def too_hot(session: SessionFacts, limits: Limits) -> Verdict:
    """The skin was hotter than the limit for longer than its grace.

    Cause: too little gel, a worn tip, a tip held still, a cut-off that failed.
    Consequence: a burn, sometimes seen only hours later.
    Action: stop, hold the treatment, look at the skin today.
    Time to respond: one hour.
    Source: home RF devices cut off by themselves at 42 ± 0.5 °C (DEN150005). Of a device that says what it senses, and
    names no skin sensor, nothing is said: the patient's page tells it once. A sensor that is silent leaves it open.
    """
    limit, doubt = limits.skin_celsius, session.calibration.skin_celsius or 0
    if limit is None:
        return CLEAR
    surely = _run_above(session, limit + doubt)
    if surely and surely.lasted >= limits.skin_grace:
        return fires(_hot(session, surely, limit), _evidence(session, limit, surely))
    if session.highest_skin_celsius is not None and session.recorded and session.highest_skin_celsius <= limit - doubt:
        return CLEAR
    if _has_no_sensor(session):
        return CLEAR
    possibly = _run_above(session, limit - doubt, across_gaps=True)
    unseen = session.missing or not session.samples.sequence
    if unseen or (possibly and possibly.lasted >= limits.skin_grace):
        return undetermined(_unseen(session, limit), _evidence(session, limit, possibly))
    return CLEAR


def _has_no_sensor(session: SessionFacts) -> bool:
    """Whether the device says what it has, a skin sensor is not among it, and no temperature came all the same."""
    if session.highest_skin_celsius is not None or not session.features or _SKIN_SENSOR in session.features:
        return False
    return all(value is None for value in session.samples.skin_celsius)


@rule("energy-after-trip", version=1, severity=Severity.HIGH)
def energy_after_trip(session: SessionFacts, _limits: Limits) -> Verdict:
    """The device went on emitting after its own cut-off had tripped.

    Cause: a relay or a driver that sticks, firmware that ignores its sensor.
    Consequence: a burn; nothing in the device stops it any more.
    Action: have the patient unplug it, hold it, look at the skin today, send the device in.
    Time to respond: one hour.
    Source: energy for more than 2 s after a trip (product defaults). A device may go on once it has cooled down: only
    what follows the trip without a break counts.
    """
    if not any(map(_TRIP.__and__, session.samples.signs)):
        return _untold_trip(session)
    runs = tuple(_after_trips(session))
    surely = max((run.surely for run in runs if run.surely), key=lambda run: run.lasted, default=None)
    if surely and surely.lasted > AFTER_TRIP:
        return fires(f"Emitted for {surely.lasted.total_seconds():.0f} s after the cut-off tripped", _ran_on(surely))
    if any(run.at_most > AFTER_TRIP for run in runs):
        return undetermined("The cut-off tripped, and what the device did then was not seen", _ran_on(surely))
    return CLEAR


def _untold_trip(session: SessionFacts) -> Verdict:
    """No sample shows a trip. One may be among those that never came, if the session went on after it."""
    told = session.told
    if told is None or Fault.OVER_TEMPERATURE not in told.faults or told.end_reason is EndReason.OVER_TEMPERATURE:
        return CLEAR
    if session.missing * SAMPLE <= AFTER_TRIP:
        return CLEAR
    return undetermined("The cut-off tripped at a time that no sample shows, and the session went on")


@dataclass(frozen=True, slots=True, kw_only=True)
class _AfterTrip:
    """Energy from a sample with a trip on: as long as was seen without a break, and as long as it can have been."""

    surely: Run | None
    at_most: timedelta


def _after_trips(session: SessionFacts) -> Iterator[_AfterTrip]:
    """Each stretch of energy that begins with a trip, until a sample shows that there was none."""
    samples, emitting = session.samples, set(session.samples.emitting)
    total = max(len(samples.sequence) + session.missing, samples.sequence[-1] + 1)
    first, seen_from, last = None, None, -1
    for index, number in enumerate(samples.sequence):
        tripped, energy = bool(samples.signs[index] & _TRIP), index in emitting and samples.level[index] != 0
        broken = number != last + 1
        if first is not None and (broken or not energy):
            yield _stretch(first, seen_from, last, last if energy else number - 1)
        if not energy:
            first = None
        elif tripped or first is not None:
            seen_from = seen_from if first is not None and not broken else number if tripped else None
            first, last = number if first is None else first, number
    if first is not None:
        yield _stretch(first, seen_from, last, total - 1)


def _stretch(first: int, seen_from: int | None, last: int, end: int) -> _AfterTrip:
    run = None if seen_from is None else Run(first=seen_from, last=last, lasted=(last - seen_from) * SAMPLE)
    return _AfterTrip(surely=run, at_most=(end - first) * SAMPLE)


def _ran_on(run: Run | None) -> Evidence:
    if run is None:
        return Evidence()
    return Evidence(
        measured=Quantity(run.lasted.total_seconds(), Unit.SECOND),
        limit=Quantity(AFTER_TRIP.total_seconds(), Unit.SECOND),
        uncertainty=Quantity(SAMPLE.total_seconds(), Unit.SECOND),
        first_sample=run.first,
        last_sample=run.last,
    )


def _run_above(session: SessionFacts, celsius: float, *, across_gaps: bool = False) -> Run | None:
    skin = session.samples.skin_celsius

    def hot(index: int) -> bool:
        value = skin[index]
        return across_gaps if value is None else value > celsius

    return longest_run(session.samples, hot, across_gaps=across_gaps)


def _hot(session: SessionFacts, run: Run, limit: float) -> str:
    lasted = round(run.lasted.total_seconds())
    return f"Skin at {_peak(session, run):.1f} °C, above {limit:.1f} °C for {lasted} s"


def _unseen(session: SessionFacts, limit: float) -> str:
    highest = session.highest_skin_celsius
    if highest is None:
        return "The device reported no skin temperature"
    return f"Skin reached {highest:.1f} °C, and how long it was above {limit:.1f} °C is not known"


def _evidence(session: SessionFacts, limit: float, run: Run | None) -> Evidence:
    doubt = session.calibration.skin_celsius
    peak = _peak(session, run) if run else session.highest_skin_celsius
    return Evidence(
        measured=None if peak is None else Quantity(peak, Unit.CELSIUS),
        limit=Quantity(limit, Unit.CELSIUS),
        uncertainty=None if doubt is None else Quantity(doubt, Unit.CELSIUS),
        first_sample=run.first if run else None,
        last_sample=run.last if run else None,
    )


def _peak(session: SessionFacts, run: Run) -> float | None:
    samples = session.samples
    within = (
        skin
        for number, skin in zip(samples.sequence, samples.skin_celsius, strict=True)
        if skin is not None and run.first <= number <= run.last
    )
    return max(within, default=session.highest_skin_celsius)
