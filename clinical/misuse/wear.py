"""Rules about whether the energy reached the skin."""

from datetime import timedelta
from typing import Final

from clinical.dose.worn import wear_signs, worn_probability
from clinical.facts import SAMPLE, SessionFacts
from clinical.misuse.rules import rule
from clinical.regimen import Limits
from clinical.verdicts import CLEAR, Evidence, Verdict, fires, undetermined
from vocabulary.devices import Feature
from vocabulary.light import Band
from vocabulary.quantities import Quantity, Unit
from vocabulary.readings import Sign
from vocabulary.severity import Severity

WORN_FRACTION: Final = 0.1
"""With contact for less than this part of a session, the device was not worn; above, contact was lost at times."""

LOST_FRACTION: Final = 0.05
"""What a fit may lose of a session: hands move, straps slip. A proposal that a physician owns."""

DRY_OHM: Final = 1000.0
"""Under a head that is made for 360 Ω (domain facts 2.3) and has lost its gel. A proposal that a physician owns."""

_CONTACT_SENSOR: Final = Feature.CONTACT  # looked up once, for all of this is asked of every session
_EYE_SHIELD_SENSOR: Final = Feature.EYE_SHIELD
_CONTACT: Final = int(Sign.CONTACT)
_EYE_SHIELD: Final = int(Sign.EYE_SHIELD)

HARMS_EYES: Final = frozenset({Band.BLUE, Band.NEAR_INFRARED})
"""What an open eye cannot take for the length of a session."""

SHIELD_GRACE: Final = timedelta(seconds=10)
"""How long a shield may be off in a session, in all. A proposal that a physician owns."""


@rule("not-worn", version=2, severity=Severity.LOW)
def not_worn(session: SessionFacts, _limits: Limits) -> Verdict:
    """The device emitted without anybody wearing it.

    Cause: started on the table, by a child, or to make a session count.
    Consequence: no treatment; a session that must not count.
    Action: ask how it is going; nothing to fear for the skin.
    Time to respond: one week.
    Source: contact for under a tenth of the emitting time, from the device's own contact sensor; without one, a worn
    probability under 0.3 from warming and motion, which a clinic may decide otherwise.
    """
    if _CONTACT_SENSOR not in session.features:
        return _not_worn_by_other_signs(session)
    fraction = session.samples.contact_fraction
    if (refusal := _cannot_tell(session, fraction)) is not None:
        return refusal
    if fraction and fraction > WORN_FRACTION:
        return CLEAR
    return fires("Nobody wore the device", _contact_evidence(fraction or 0))


def _not_worn_by_other_signs(session: SessionFacts) -> Verdict:
    if not {Feature.SKIN_TEMPERATURE, Feature.MOTION} & {*session.features}:
        return CLEAR
    if not session.recorded:
        return undetermined("The session is still running")
    signs = wear_signs(session.samples, session.features, session.missing)
    worn = worn_probability(signs)
    if worn is None:
        return undetermined("Nothing was seen of this session")
    valid = session.practice.worn_probability
    if worn.low >= valid:
        return CLEAR
    evidence = Evidence(
        measured=Quantity((worn.low + worn.high) / 2, Unit.FRACTION),
        limit=Quantity(1 - valid, Unit.FRACTION),
        uncertainty=Quantity((worn.high - worn.low) / 2, Unit.FRACTION),
    )
    if worn.high < 1 - valid:
        return fires("Nobody wore the device, by its warming and motion", evidence)
    return undetermined("Warming and motion do not say whether somebody wore the device", evidence)


@rule("contact-lost", version=3, severity=Severity.LOW)
def contact_lost(session: SessionFacts, limits: Limits) -> Verdict:
    """The device lost contact with the skin while it emitted, or its gel dried.

    Cause: with RF, gel that dried or too little of it, a worn tip; with a mask, a loose strap.
    Consequence: an uneven dose; with RF hot spots, and burns if it goes on.
    Action: show how much gel to use, look at the tip.
    Time to respond: one week.
    Source: 119 of 270 reports on home RF to the FDA database were burns or blisters, mostly too little coupling
    fluid or worn tips; a head made for 360 Ω counts as dry over 1000 Ω. The regimen's grace holds for a short session,
    a twentieth of the emitting time for a longer one. Both are proposals that a physician owns.
    """
    senses_contact = _CONTACT_SENSOR in session.features
    if not senses_contact and Feature.IMPEDANCE not in session.features:
        return CLEAR
    touched = session.samples.contact_fraction
    if (refusal := _cannot_tell(session, touched)) is not None:
        return refusal
    if senses_contact and touched is not None and touched <= WORN_FRACTION:
        return CLEAR
    poor = _poor(session, senses_contact=senses_contact)
    grace = max(limits.contact_grace, LOST_FRACTION * len(session.samples.emitting) * SAMPLE)
    poor_for = len(poor) * SAMPLE
    if poor_for <= grace:
        return CLEAR
    numbers = [session.samples.sequence[index] for index in poor]
    evidence = Evidence(
        measured=Quantity(poor_for.total_seconds(), Unit.SECOND),
        limit=Quantity(grace.total_seconds(), Unit.SECOND),
        uncertainty=Quantity(SAMPLE.total_seconds(), Unit.SECOND),
        first_sample=numbers[0] if numbers else None,
        last_sample=numbers[-1] if numbers else None,
    )
    return fires(f"Without contact, or with dry gel, for {poor_for.total_seconds():.0f} s while emitting", evidence)


def _poor(session: SessionFacts, *, senses_contact: bool) -> list[int]:
    """The emitting samples without contact, or with dry gel."""
    ohms, signs = session.samples.impedance_ohm, session.samples.signs
    return [
        index
        for index in session.samples.emitting
        if (senses_contact and not signs[index] & _CONTACT) or ((ohm := ohms[index]) is not None and ohm > DRY_OHM)
    ]


@rule("eye-shield-off", version=1, severity=Severity.MEDIUM)
def eye_shield_off(session: SessionFacts, _limits: Limits) -> Verdict:
    """The device shone blue or near infrared light while its eye shield was off.

    Cause: a shield that was lost, or left off because it presses.
    Consequence: blue light harms the retina, near infrared the lens; neither hurts while it happens.
    Action: ask about eyes and sight; no session without the shield.
    Time to respond: one day.
    Source: IEC 62471; 30 mW/cm² of near infrared for 10 min exceeds its limit at an open eye. Ten
    seconds to put it on are a proposal that a physician owns.
    """
    if _EYE_SHIELD_SENSOR not in session.features:
        return CLEAR
    bands = session.bands()
    if bands is not None and not bands & HARMS_EYES:
        return CLEAR
    samples = session.samples
    bare = [index for index in samples.emitting if not samples.signs[index] & _EYE_SHIELD]
    if not bare and session.recorded and not session.missing:
        return CLEAR
    evidence = Evidence(
        measured=Quantity((len(bare) * SAMPLE).total_seconds(), Unit.SECOND),
        limit=Quantity(SHIELD_GRACE.total_seconds(), Unit.SECOND),
        uncertainty=Quantity((session.missing * SAMPLE).total_seconds(), Unit.SECOND),
        first_sample=samples.sequence[bare[0]] if bare else None,
        last_sample=samples.sequence[bare[-1]] if bare else None,
    )
    if len(bare) * SAMPLE > SHIELD_GRACE:
        return (
            undetermined("The eye shield was off, and which light this was is not known", evidence)
            if bands is None
            else fires(
                f"The eye shield was off for {len(bare)} s of {' and '.join(sorted(bands & HARMS_EYES))}", evidence
            )
        )
    if (len(bare) + session.missing) * SAMPLE > SHIELD_GRACE:
        return undetermined("Whether the eye shield was on was not seen all the time", evidence)
    return CLEAR


def _cannot_tell(session: SessionFacts, fraction: float | None) -> Verdict | None:
    """Why wear cannot be judged, if so: a fit is judged over a whole session, on what was seen of it."""
    if not session.recorded:
        return undetermined("The session is still running")
    seen = len(session.samples.sequence)
    if fraction is None or seen < session.missing:
        return undetermined(f"Only {seen} of {seen + session.missing} samples arrived")
    return None


def _contact_evidence(fraction: float) -> Evidence:
    return Evidence(
        measured=Quantity(fraction, Unit.FRACTION),
        limit=Quantity(WORN_FRACTION, Unit.FRACTION),
        uncertainty=None,
    )
