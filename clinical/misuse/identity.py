"""Rules about whose session it is."""

from clinical.facts import SessionFacts
from clinical.misuse.rules import rule
from clinical.regimen import Limits
from clinical.verdicts import CLEAR, Evidence, Verdict, fires
from vocabulary.severity import Severity


@rule("no-regimen", version=3, severity=Severity.MEDIUM)
def no_regimen(session: SessionFacts, _limits: Limits) -> Verdict:
    """A session took place that nobody prescribed.

    Cause: a device in use before its regimen was written, after its last phase or its end, or by another person.
    Consequence: nothing holds the dose; a contraindication may not have been asked for.
    Action: prescribe, or ask the patient to stop.
    Time to respond: one day.
    Source: every session is held against the regimen in force when it began. Of somebody who goes on it calls once in
    seven days, a proposal that a physician owns.
    """
    if session.regimen is not None:
        return CLEAR
    if session.ran_out is not None:
        return fires(f"The regimen's last phase ended on {session.ran_out:%-d %B %Y}", Evidence())
    return fires("No regimen was in force", Evidence())
