"""Whether a patient is still learning, active, or no longer using what was prescribed."""

from enum import StrEnum

from clinical.adherence.account import Account, Strand
from clinical.adherence.days import DAY


class Engagement(StrEnum):
    """How a patient stands to the treatment."""

    LEARNING = "learning"
    ACTIVE = "active"
    INACTIVE = "inactive"
    UNKNOWN = "unknown"


def engagement(account: Account, strand: Strand) -> Engagement:
    """Inactive needs proof: records without a hole, and no session among them in the days that A looks at.

    Learning until there are as many sessions as make the patient's own median.
    """
    practice, sessions = account.practice, strand.sessions
    since = account.plan.days.start(account.today - DAY * practice.frequency_days)
    if any(one.latest >= since for one in strand.uses):
        few = len(sessions.sharp) + len(sessions.vague) < practice.learned
        return Engagement.LEARNING if few else Engagement.ACTIVE
    if account.plan.days.start(strand.first) > since:
        return Engagement.LEARNING
    until = strand.proven_until(account.now, since)
    proven = until is not None and account.today - account.plan.days.of(until) <= DAY
    return Engagement.INACTIVE if proven else Engagement.UNKNOWN
