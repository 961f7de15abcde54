"""A patient's last session as it would have counted under a prescription that is not in force."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from clinical.adherence.phases import phase_days
from clinical.adherence.slots import SlotState
from clinical.adherence.uses import Use, sessions_of
from clinical.course import Between, Course, in_order
from clinical.misuse.table import RULES
from clinical.practice import NEARLY, Practice, practice_at
from clinical.regimen import Regimen
from clinical.verdicts import Finding, Outcome
from monitor_api.cohorts.case import Case
from monitor_api.cohorts.preview import under
from monitor_api.cohorts.replay import Ruling, Window, began_at, in_force_at, replay
from vocabulary.devices import Modality

_SESSION_RULES: Final = Ruling(rules=RULES, course_rules=(), limits={})
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class LastSession:
    """What it would have been: its dose as a part of the planned one, the state of a slot with it, what it breaks.

    Sessions that follow each other at once are one, as where slots are filled. `unclear`: what nobody can tell of.
    """

    use: Use
    dose: Between
    state: SlotState
    broken: tuple[Finding, ...]
    unclear: tuple[Finding, ...]


def last_use(course: Course, modality: Modality, now: datetime) -> Use | None:
    """The last use of which all records are here and whose time is known; None where there is none yet."""
    sessions = sessions_of(in_order(course), modality)
    for session in reversed(sessions.sharp):
        near = sessions.uses(began_at(session) - _DAY, now, practice_at(course.practices, now))
        use = next((one for one in near if session.session in one.ids), None)
        if use is not None and all(one.recorded for one in use.sessions):
            return use
    return None


def last_session(case: Case, use: Use, regimen: Regimen, now: datetime) -> LastSession:
    """Hold a use against a regimen by the phase that would have run; the case has the samples of its sessions."""
    tried = under(case, regimen, Window(from_at=use.earliest, until_at=now))
    first = use.sessions[0]
    version = in_force_at(tried.course, first)
    began = began_at(first)
    phase = phase_days(tried.course, version, began).near(began) if version else regimen.phases[0]
    dose = use.dose_fraction(phase)
    found = replay(tried, Window(from_at=use.earliest, until_at=now), _SESSION_RULES).sessions
    said = {outcome: tuple(one for one in found if one.verdict.outcome is outcome) for outcome in Outcome}
    return LastSession(
        use=use,
        dose=dose,
        state=_state(dose, practice_at(case.course.practices, now)),
        broken=said[Outcome.FIRES],
        unclear=said[Outcome.UNDETERMINED],
    )


def _state(dose: Between, practice: Practice) -> SlotState:
    enough, part = practice.taken_fraction - NEARLY, practice.partial_fraction - NEARLY
    if dose.low >= enough:
        return SlotState.TAKEN
    if dose.high < part:
        return SlotState.MISSED
    sure = dose.low >= part and dose.high < enough
    return SlotState.PARTIAL if sure else SlotState.UNKNOWN
