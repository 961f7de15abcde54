"""What the numbers on screens mean: each by id and version, which change when the number would."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final


@dataclass(frozen=True, slots=True)
class Definition:
    """A number's definition, in words for who reads it."""

    id: str
    version: int
    title: str
    words: str


WEEK_DAYS: Final = 7

RUNNING_FOR: Final = timedelta(minutes=2)
"""A session without its record counts as running this long after it was last heard: a batch comes every two seconds,
and a link that is lost is found again within a minute."""

PRIORITY: Final = Definition(
    "priority",
    1,
    "Priority",
    "The severity of the worst alert that nobody took on. Among equals, the one that has waited longest comes first.",
)
FORTNIGHT: Final = Definition(
    "days-14",
    1,
    "Last 14 days",
    "Therapy days, which start at 04:00 where the patient lives unless the clinic decides otherwise. The dose of a day "
    "is the sum of its sessions, against the dose that the regimen prescribes for one; over means more than the limit "
    "of one. "
    "“No session” needs proof: the device was asked later, and its sessions are numbered without a gap. "
    "Without proof the day is “no data”. Planned sessions are not part of this, so no day is called missed.",
)
SESSIONS_A_WEEK: Final = Definition(
    "sessions-7d",
    1,
    "7 days",
    "Sessions that began in the last 7 therapy days, today included, and how many a week the regimen asks for. Every "
    "session counts, long or short, worn or not; it is no measure of adherence.",
)
ADHERENCE: Final = Definition(
    "adherence-28d",
    1,
    "Adherence",
    "Adherence A (adherence-frequency v2): slots taken, of those due in the last 28 therapy days, or as many as the "
    "clinic decides. The lower end is proven, the upper end is what can still turn out to be so. Under “why now” how "
    "far the target is, that of Adherence C in the first 90 days until it is reached, then of A: how many slots may "
    "still be missed, and the last day from which taking every slot still reaches it. As the last judgement reckoned "
    "it: one comes with every new fact, and at least each half hour.",
)
LAST_DATA: Final = Definition(
    "last-data",
    1,
    "Last data",
    "When data of a session last came, whenever the session was; below, when the gateway at home was last heard, and "
    "beside it, under the device, when the device was. A silent gateway says nothing about the device.",
)

TRIAGE: Final = (PRIORITY, FORTNIGHT, SESSIONS_A_WEEK, ADHERENCE, LAST_DATA)
