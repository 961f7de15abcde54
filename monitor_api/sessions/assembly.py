"""Put a session together: live samples and the device's record complete each other; where they differ is a conflict."""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from clinical.facts import SAMPLE, Samples
from monitor_api.sessions.evidence import Evidence
from monitor_api.sessions.placing import keep_between, place_between, place_live, place_own, reconcile
from monitor_api.telemetry.series import Series
from vocabulary.devices import Modality
from vocabulary.instants import Placed
from vocabulary.quantities import Quantity, Unit
from vocabulary.readings import SessionRecord

DOSES: Final = {
    Modality.LED: ("fluence_j_per_cm2", Unit.JOULE_PER_CM2),
    Modality.RF: ("rf_energy_j", Unit.JOULE),
}
"""The dose of each modality: its column and its unit. EMS carries none."""

LEVELS: Final = {Modality.LED: "irradiance_mw_per_cm2", Modality.RF: "rf_power_w"}
"""How strong each modality is: its column."""

DOSE_STEP: Final = {Modality.LED: 0.01, Modality.RF: 1.0}
"""The step in which live frames count dose: the last of them may round up past the record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One session as far as it is known. `active` and dose are the record's where it is here, else those so far.

    `missing` counts samples known to be missing; `whole` says that every sample is either here or in a gap.
    """

    modality: Modality
    record: SessionRecord | None
    started: Placed | None
    active: timedelta
    elapsed: timedelta
    dose: Quantity | None
    highest_skin_celsius: float | None
    samples: Samples
    missing: int
    whole: bool
    conflict: str | None

    @property
    def ended(self) -> Placed | None:
        """When it ended, or how far it has come."""
        return self.started and self.started.later(self.elapsed)


def assemble(evidence: Evidence) -> Account:
    """Put one session together."""
    record = evidence.records[0] if evidence.records else None
    modality = record.modality if record else evidence.device.modality or Modality.LED
    samples = samples_of(evidence.series, modality)
    covered = _covered(samples.sequence, evidence.gaps, record)
    active_s = max(evidence.series.column("active_s"), default=0)
    elapsed = record.elapsed if record else covered * SAMPLE
    missing = covered - len(samples.sequence)
    return Account(
        modality=modality,
        record=record,
        started=_started(evidence, record, elapsed),
        active=record.active if record else timedelta(seconds=active_s),
        elapsed=elapsed,
        dose=_dose(modality, record, evidence.series),
        highest_skin_celsius=_highest(record.highest_skin_celsius if record else None, samples.skin_celsius),
        samples=samples,
        missing=missing,
        whole=record is not None and covered > 0 and missing == _in_gaps(samples.sequence, evidence.gaps),
        conflict=_conflict(evidence, record),
    )


def _started(evidence: Evidence, record: SessionRecord | None, elapsed: timedelta) -> Placed | None:
    live = place_live(evidence.began_by, record.elapsed - record.active if record else timedelta(0))
    own = _own_start(evidence)
    started = reconcile(live, own if own and _believable(own, evidence) else None)
    started = started or place_between(evidence.between, evidence.order, elapsed)
    for bounds in (evidence.between, evidence.order):
        started = started and keep_between(started, bounds, elapsed)
    return started


def _own_start(evidence: Evidence) -> Placed | None:
    """The start that the device itself gives."""
    return place_own(evidence.records[0].start, evidence.anchors) if evidence.records else None


def _believable(own: Placed, evidence: Evidence) -> bool:
    """Whether a session began before its record was here: a device whose clock is ahead says otherwise."""
    return evidence.recorded is None or own.earliest <= evidence.recorded.span.latest


def samples_of(series: Series, modality: Modality) -> Samples:
    """The samples of a session as the rules take them."""
    sequence = series.sequence()
    level = LEVELS.get(modality)
    return Samples(
        sequence=sequence,
        state=series.states(),
        signs=series.column("signs"),
        skin_celsius=series.column("skin_celsius"),
        zone=series.zones(),
        level=series.column(level) if level else (None,) * len(sequence),
        impedance_ohm=series.column("impedance_ohm"),
    )


def _covered(sequence: tuple[int, ...], gaps: Iterable[tuple[int, int]], record: SessionRecord | None) -> int:
    """How many samples the session had at least: the record says, else one more than the highest number known."""
    recorded = record.elapsed // SAMPLE if record else 0
    return max(recorded, *(1 + last for last in sequence[-1:]), *(1 + last for _, last in gaps), 0)


def _in_gaps(sequence: tuple[int, ...], gaps: Iterable[tuple[int, int]]) -> int:
    """Samples that a gap names and that never came; gaps may overlap."""
    count, end = 0, 0
    for first, last in sorted(gaps):
        start = max(first, end)
        end = max(end, last + 1)
        count += end - start - (bisect_left(sequence, end) - bisect_left(sequence, start)) if end > start else 0
    return count


def _dose(modality: Modality, record: SessionRecord | None, series: Series) -> Quantity | None:
    if modality not in DOSES:
        return None
    name, unit = DOSES[modality]
    live = [value for value in series.column(name) if value is not None]
    value: float | None = getattr(record, name) if record else max(live, default=None)
    return None if value is None else Quantity(value, unit)


def _highest(recorded: float | None, live: Iterable[float | None]) -> float | None:
    return max((value for value in (recorded, *live) if value is not None), default=None)


def _conflict(evidence: Evidence, record: SessionRecord | None) -> str | None:
    """In what the accounts of one session differ, None when they agree."""
    if len(evidence.records) > 1:
        return f"The device gave {len(evidence.records)} records of this session that differ"
    if evidence.series.clashes:
        return f"{evidence.series.clashes} samples came twice and differ"
    if record is None:
        return None
    own = _own_start(evidence)
    if own and not _believable(own, evidence):
        return f"By the device's clock it began at {own.at:%Y-%m-%d %H:%M} UTC, after its record was here"
    differing = [
        f"{name}: {live:g} seen live, {recorded:g} in the record"
        for name, live, recorded, step in _comparable(evidence.series, record)
        if live > recorded + step
    ]
    return f"Samples and record differ ({'; '.join(differing)})" if differing else None


def _comparable(series: Series, record: SessionRecord) -> Iterable[tuple[str, float, float, float]]:
    """What was seen live can be no more than what the record says of the whole: name, seen, recorded, step."""
    recorded: dict[str, Any] = {"active_s": record.active.total_seconds(), "skin_celsius": record.highest_skin_celsius}
    steps = {"active_s": 1.0, "skin_celsius": 0.01}
    if record.modality in DOSES:
        name, _ = DOSES[record.modality]
        recorded[name], steps[name] = getattr(record, name), DOSE_STEP[record.modality]
    for name, value in recorded.items():
        seen = [one for one in series.column(name) if one is not None]
        if seen and value is not None:
            yield name, max(seen), value, steps[name]
