"""Twice in a row: episodes of uses that follow each other, each with the same thing wrong."""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from itertools import groupby, pairwise

from clinical.adherence.account import Strand
from clinical.adherence.planned import PlannedUse, planned_use
from clinical.adherence.uses import Use
from clinical.misuse.course_rules import CourseAt, Episode
from clinical.verdicts import Evidence, fires, undetermined

Flag = Callable[[PlannedUse], bool | None]
"""Whether something is wrong with a use; None where that is not known."""


def twice(at: CourseAt, strand: Strand, flag: Flag, because: str) -> Iterator[Episode]:
    """An episode for each run of uses that are flagged, or may be: from its first until the first that is not."""
    flagged = _from_the_onset(at, strand, flag)
    if all(wrong is False for _, wrong in flagged):
        return
    runs = [(wrong, list(found)) for wrong, found in groupby(flagged, key=lambda one: one[1] is not False)]
    for (wrong, run), following in pairwise([*runs, (False, [])]):
        if wrong and len(run) > 1:
            yield _episode(run, following[1][0][0] if following[1] else None, because)


def _episode(run: Sequence[tuple[Use, bool | None]], next_use: Use | None, because: str) -> Episode:
    sure = any(one and other for (_, one), (_, other) in pairwise(run))
    verdict = fires(because, Evidence()) if sure else undetermined(f"{because}, as far as is known")
    return Episode(
        onset=str(run[0][0].sessions[0].session),
        began_at=run[0][0].earliest,
        cleared_at=next_use.earliest if next_use else None,
        verdict=verdict,
        sessions=tuple(session for use, _ in run for session in use.ids),
    )


def _from_the_onset(at: CourseAt, strand: Strand, flag: Flag) -> list[tuple[Use, bool | None]]:
    """Uses as far back as rules look, and further as long as a run goes on, so that its onset stays what it was."""
    reach = timedelta(days=at.practice.look_back_days)
    found = [(one.use, flag(one)) for one in strand.planned]
    while found and found[0][1] is not False and at.now - reach > strand.sessions.first_at:
        reach *= 2
        uses = strand.sessions.uses(at.now - reach, at.now, at.practice)
        found = [(use, flag(planned_use(use, strand.modality, at.account.plan))) for use in uses]
    return found
