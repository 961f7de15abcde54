"""Rules about when."""

from datetime import timedelta

from clinical.facts import SessionFacts
from clinical.misuse.rules import rule
from clinical.regimen import Limits
from clinical.verdicts import CLEAR, Evidence, Verdict, fires, undetermined
from vocabulary.quantities import Quantity, Unit
from vocabulary.severity import Severity


@rule("too-soon", version=2, severity=Severity.MEDIUM)
def too_soon(session: SessionFacts, limits: Limits) -> Verdict:
    """The skin rested for less time than the regimen asks for between two sessions.

    Cause: a session repeated on the same day, a second person on the same device.
    Consequence: heat and dose add up before the skin has recovered.
    Action: ask who used the device, and repeat the plan of the week.
    Time to respond: one day.
    Source: the regimen's shortest interval, from the end of one session to the start of the next. Of somebody who goes
    on it calls once in seven days, and at once where the rest is shorter by a quarter of the limit. Both are proposals
    that a physician owns.
    """
    if limits.rest is None:
        return CLEAR
    if session.started is None:
        return undetermined("When the session took place is not known")
    if session.rest is None:
        return CLEAR
    shortest, longest = session.rest.shortest, session.rest.longest
    if shortest >= limits.rest:
        return CLEAR
    middle = shortest + (longest - shortest) / 2
    evidence = Evidence(
        measured=_minutes(middle),
        limit=_minutes(limits.rest),
        uncertainty=_minutes((longest - shortest) / 2),
    )
    because = f"{_words(middle)} after the session before, the shortest rest is {_words(limits.rest)}"
    if longest < limits.rest:
        return fires(because, evidence)
    return undetermined(f"{because}, and the device's clock leaves it open", evidence)


@rule("clock-unknown", version=1, severity=Severity.LOW)
def clock_unknown(session: SessionFacts, _limits: Limits) -> Verdict:
    """Nobody can say when this session took place.

    Cause: the device lost power before a gateway saw its clock again.
    Consequence: rests and weeks around it cannot be judged; its dose counts all the same.
    Action: none for the patient; charge the device, keep the gateway on.
    Time to respond: one week.
    Source: device profile, Time: a tick counts on one timeline, and says nothing once that is lost.
    """
    if session.started is not None:
        return CLEAR
    if not session.recorded:
        return undetermined("The device's record is not here yet")
    return fires("The device's clock was lost, so the time of this session is not known", Evidence())


def _minutes(span: timedelta) -> Quantity:
    return Quantity(span / timedelta(minutes=1), Unit.MINUTE)


def _words(span: timedelta) -> str:
    hours = span / timedelta(hours=1)
    return f"{hours:.0f} h" if hours >= 10 else f"{hours:.1f} h" if hours >= 1 else f"{hours * 60:.0f} min"
