"""Rules about whether the energy reached the skin."""

from typing import Final

from clinical.facts import SAMPLE, SessionFacts
from clinical.misuse.rules import rule
from clinical.regimen import Limits
from clinical.verdicts import Evidence, Verdict, clear, fires, undetermined
from vocabulary.devices import Feature
from vocabulary.quantities import Quantity, Unit
from vocabulary.readings import Sign
from vocabulary.severity import Severity

WORN_FRACTION: Final = 0.1
"""With contact for less than this part of a session, the device was not worn; above, contact was lost at times."""


@rule("not-worn", version=1, severity=Severity.LOW)
def not_worn(session: SessionFacts, _limits: Limits) -> Verdict:
    """The device emitted without anybody wearing it.

    Cause: started on the table, by a child, or to make a session count.
    Consequence: no treatment; a session that must not count.
    Action: ask how it is going; nothing to fear for the skin.
    Time to respond: one week.
    Source: contact for under a tenth of the emitting time, from the device's own contact sensor.
    """
    fraction = session.samples.contact_fraction()
    if (refusal := _cannot_tell(session, fraction)) is not None:
        return refusal
    evidence = _contact_evidence(fraction or 0)
    return (
        clear(evidence=evidence) if fraction and fraction > WORN_FRACTION else fires("Nobody wore the device", evidence)
    )


@rule("contact-lost", version=1, severity=Severity.LOW)
def contact_lost(session: SessionFacts, limits: Limits) -> Verdict:
    """The device lost contact with the skin while it emitted.

    Cause: with RF, gel that dried or too little of it, a worn tip; with a mask, a loose strap.
    Consequence: an uneven dose; with RF hot spots, and burns if it goes on.
    Action: show how much gel to use, look at the tip.
    Time to respond: one week.
    Source: 119 of 270 reports on home RF to the FDA database were burns or blisters, mostly too little coupling
    fluid or worn tips.
    """
    fraction = session.samples.contact_fraction()
    if (refusal := _cannot_tell(session, fraction)) is not None:
        return refusal
    if fraction is not None and fraction <= WORN_FRACTION:
        return clear("the device was not worn at all")
    lost = [index for index in session.samples.emitting() if not session.samples.signs[index] & Sign.CONTACT]
    lost_for = len(lost) * SAMPLE
    numbers = [session.samples.sequence[index] for index in lost]
    evidence = Evidence(
        measured=Quantity(lost_for.total_seconds(), Unit.SECOND),
        limit=Quantity(limits.contact_grace.total_seconds(), Unit.SECOND),
        uncertainty=Quantity(SAMPLE.total_seconds(), Unit.SECOND),
        first_sample=numbers[0] if numbers else None,
        last_sample=numbers[-1] if numbers else None,
    )
    if lost_for > limits.contact_grace:
        return fires(f"Without contact for {lost_for.total_seconds():.0f} s while emitting", evidence)
    return clear(evidence=evidence)


def _cannot_tell(session: SessionFacts, fraction: float | None) -> Verdict | None:
    """Why wear cannot be judged, if so: a fit is judged over a whole session, on what was seen of it."""
    if Feature.CONTACT not in session.features:
        return clear("the device has no contact sensor")
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
