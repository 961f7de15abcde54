"""Adherence and its target in words: a range as wide as it is, and what is not decided said so."""

from datetime import date
from math import ceil, floor
from typing import Final

from clinical.adherence.horizon import Reach, Standing
from clinical.adherence.slots import SlotState
from clinical.adherence.states import Engagement
from monitor_api.screens.words import count

_NEARLY: Final = 1e-9

MET: Final = {True: "met", False: "not met", None: "not decided yet"}
"""Whether a target is reached."""

SLOT_WORDS: Final = {
    SlotState.TAKEN: "taken",
    SlotState.PARTIAL: "partial: a part of the dose",
    SlotState.MISSED: "missed: proven, no session came",
    SlotState.UNKNOWN: "unknown: a record can still arrive",
    SlotState.EXCUSED: "excused: neither taken nor missed",
    SlotState.OPEN: "open: its days are not over",
}
"""What a mark says, for who has not seen it before."""

PLAIN_SLOTS: Final = {
    SlotState.TAKEN: "done",
    SlotState.PARTIAL: "in part",
    SlotState.UNKNOWN: "not known yet",
    SlotState.EXCUSED: "excused",
    SlotState.OPEN: "to come",
}
"""What patients are told of a slot; of one that was missed they are told nothing."""

ENGAGEMENTS: Final = {
    Engagement.LEARNING: "Learning: too few sessions yet for a habit of their own",
    Engagement.ACTIVE: "Active",
    Engagement.INACTIVE: "Inactive: proven, no session in all the days that adherence A looks at",
    Engagement.UNKNOWN: "Not known: no session is here, and records are not proven",
}


def share_words(low: float, high: float | None) -> str:
    """A share in whole per cent, its ends rounded away from each other: no digit makes it narrower or better."""
    least = floor(100 * low + _NEARLY)
    if high is None:
        return f"at least {least} %"
    most = ceil(100 * high - _NEARLY)
    return f"{least} %" if high - low < _NEARLY else f"{least} to {most} %"


def day_words(day: date) -> str:
    """A day in short: Thu 5 Mar."""
    return f"{day:%a %-d %b}"


def reach_words(standing: Standing, reach: Reach) -> str:
    """How far a target is, by the end that decides it."""
    if standing is Standing.LOST:
        return f"Target out of reach: {count(-reach.misses, 'slot')} too many missed"
    if standing is Standing.SECURED:
        return "Target reached"
    still = f"{count(reach.misses, 'slot')} may still be missed" if reach.misses else "No slot may be missed any more"
    until = f", last day {day_words(reach.last_day)}" if reach.last_day else ""
    at_best = "At best, if all that is not known was taken: " if standing is Standing.UNCERTAIN else ""
    return f"{at_best}{still[0].lower() if at_best else still[0]}{still[1:]}{until}"
