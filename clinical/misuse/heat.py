"""Rules about heat."""

from clinical.facts import Run, SessionFacts, longest_run
from clinical.misuse.rules import rule
from clinical.regimen import Limits
from clinical.verdicts import Evidence, Verdict, clear, fires, undetermined
from vocabulary.quantities import Quantity, Unit
from vocabulary.severity import Severity


@rule("too-hot", version=1, severity=Severity.HIGH)
def too_hot(session: SessionFacts, limits: Limits) -> Verdict:
    """The skin was hotter than the limit for longer than its grace.

    Cause: too little gel, a worn tip, a tip held still, a cut-off that failed.
    Consequence: a burn, sometimes seen only hours later.
    Action: stop, hold the treatment, look at the skin today.
    Time to respond: one hour.
    Source: home RF devices cut off by themselves at 42 ± 0.5 °C (DEN150005).
    """
    limit, doubt = limits.skin_celsius, session.calibration.skin_celsius or 0
    if limit is None:
        return clear("no limit is set")
    surely = _run_above(session, limit + doubt)
    if surely and surely.lasted >= limits.skin_grace:
        return fires(_hot(session, surely, limit), _evidence(session, limit, surely))
    if session.highest_skin_celsius is not None and session.recorded and session.highest_skin_celsius <= limit - doubt:
        return clear()
    possibly = _run_above(session, limit - doubt, across_gaps=True)
    unseen = session.missing or not session.samples.sequence
    if unseen or (possibly and possibly.lasted >= limits.skin_grace):
        return undetermined(_unseen(session, limit), _evidence(session, limit, possibly))
    return clear()


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
