"""The rules that a stop answers, held against a session while it runs, a sample at a time.

Rules, kept here:
- The rules themselves judge: what is gathered of the samples so far makes them say what all of these samples would.
- Of the samples themselves only the last few are kept, as many as the longest grace needs, so that a session costs
  the same each second however long it runs.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from msgspec import structs

from clinical.facts import SAMPLE, UNMEASURED, DeviceFacts, Samples, SessionFacts, Wearer
from clinical.misuse.dose import over_dose, too_long
from clinical.misuse.heat import too_hot
from clinical.misuse.rules import Rule
from clinical.practice import PRACTICE
from clinical.regimen import DOSE_UNITS, Limits
from clinical.verdicts import Outcome
from vocabulary.devices import DeviceState, Modality
from vocabulary.identity import RuleId, SessionId
from vocabulary.quantities import Quantity

GUARDED: Final[tuple[Rule, ...]] = (too_hot, over_dose, too_long)
"""What goes on getting worse until the device stops."""

_NO_SAMPLES: Final = Samples(sequence=(), state=(), signs=(), skin_celsius=(), zone=(), level=(), impedance_ohm=())


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardSample:
    """What the guard looks at in one sample; `active` and `dose` (in the unit of its modality) are the session's."""

    number: int
    state: DeviceState
    signs: int
    active: timedelta
    dose: float | None
    skin_celsius: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """A limit that a session broke: by which rule, in the rule's own words."""

    rule: RuleId
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarded:
    """A session under guard: the facts of its samples so far, the last few of them, and the rules it has broken."""

    facts: SessionFacts
    broken: frozenset[RuleId]


def begin_guard(session: SessionId, modality: Modality) -> Guarded:
    """A session of which no sample came yet."""
    facts = SessionFacts(
        session=session,
        modality=modality,
        features=(),
        regimen=None,
        recorded=False,
        started=None,
        active=timedelta(0),
        dose=None,
        highest_skin_celsius=None,
        samples=_NO_SAMPLES,
        missing=0,
        rest=None,
        calibration=UNMEASURED,
        told=None,
        planned=None,
        wearer=Wearer(phototype=None, photosensitised=None),
        device=DeviceFacts(outputs=()),
        practice=PRACTICE,  # none of the rules that a stop answers asks for what a clinic decides
    )
    return Guarded(facts=facts, broken=frozenset())


def guard_step(guarded: Guarded, sample: GuardSample, limits: Limits) -> tuple[Guarded, tuple[Breach, ...]]:
    """The session with its next sample, and the limits that it breaks with this one.

    Numbers rise from sample to sample. Each rule is broken once, with the first sample after which it fires on all
    samples so far, for a device whose calibration nobody knows.
    """
    facts = _later(guarded.facts, sample, limits)
    breaches = tuple(
        Breach(rule=rule.id, because=verdict.because)
        for rule in GUARDED
        if rule.id not in guarded.broken and (verdict := rule.judge(facts, limits)).outcome is Outcome.FIRES
    )
    return Guarded(facts=facts, broken=guarded.broken.union(breach.rule for breach in breaches)), breaches


def _later(facts: SessionFacts, sample: GuardSample, limits: Limits) -> SessionFacts:
    """The facts with one more sample, and of the samples as many as a run that outlasts the grace."""
    kept = -(-limits.skin_grace // SAMPLE) + 1
    before = facts.samples
    return structs.replace(
        facts,
        active=max(facts.active, sample.active),
        dose=_higher_dose(facts, sample.dose),
        highest_skin_celsius=_higher(facts.highest_skin_celsius, sample.skin_celsius),
        samples=Samples(
            sequence=(*before.sequence, sample.number)[-kept:],
            state=(*before.state, sample.state)[-kept:],
            signs=(*before.signs, sample.signs)[-kept:],
            skin_celsius=(*before.skin_celsius, sample.skin_celsius)[-kept:],
            zone=(*before.zone, None)[-kept:],
            level=(*before.level, None)[-kept:],
            impedance_ohm=(*before.impedance_ohm, None)[-kept:],
        ),
    )


def _higher_dose(facts: SessionFacts, dose: float | None) -> Quantity | None:
    value = _higher(facts.dose.value if facts.dose else None, dose)
    return None if value is None else Quantity(value, DOSE_UNITS[facts.modality])


def _higher(one: float | None, other: float | None) -> float | None:
    return max((value for value in (one, other) if value is not None), default=None)
