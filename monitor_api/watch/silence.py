"""Technical silence, decided: who fell silent, and who is heard again.

Rules, kept here:
- A gateway is silent when nothing came from it for two heartbeats.
- What is upstream inhibits what is below it: while ingest or the broker is silent, that is said once, and nothing is
  said of the gateways that cannot be heard; nor until they have had time to be heard again.
- A watch that has only begun says of nobody that they fell silent: it may be the service that was away.
- A silence that is known is not said again.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from monitor_api.records.presence import PART_SILENT_AFTER, SILENT_AFTER, Part

GRACE: Final = SILENT_AFTER
"""How long gateways have to be heard again, after an outage of ours or a new leader."""


UPSTREAM: Final = (Part.INGEST, Part.BROKER)
"""What must be there for a gateway to be heard, the first whose silence explains the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Present:
    """A part of the service was there at `seen`, and without a break since `since`."""

    since: datetime
    seen: datetime


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Subject:
    """Who is silent: a part of the service by its own name, or a gateway by its id."""

    part: Part
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What is known at `now`: the service's parts that ever were there, the gateways that are overdue.

    `leading_since`: since when this watch leads. `silent`: whose silence is known.
    """

    now: datetime
    leading_since: datetime
    present: dict[Part, Present]
    overdue: Collection[Subject]
    silent: Collection[Subject]


@dataclass(frozen=True, slots=True, kw_only=True)
class Turns:
    """Who fell silent, and who is heard again."""

    fell: tuple[Subject, ...]
    back: tuple[Subject, ...]


def decide(heard: Heard) -> Turns:
    """Who turned silent, and who is no longer."""
    gone = _gone(heard)
    candidates = set[Subject]()
    if heard.now - heard.leading_since >= GRACE:
        candidates = set(heard.overdue if _upstream_is_steady(heard) else filter(None, (gone,)))
    over = {one for one in heard.silent if _is_back(one, heard, gone)}
    return Turns(fell=tuple(sorted(candidates - set(heard.silent))), back=tuple(sorted(over)))


def _gone(heard: Heard) -> Subject | None:
    """The first part of the service that is silent."""
    return next((Subject(part=part, name=part) for part in UPSTREAM if not _is_there(part, heard)), None)


def _is_there(part: Part, heard: Heard) -> bool:
    present = heard.present.get(part)
    return present is not None and heard.now - present.seen <= PART_SILENT_AFTER


def _upstream_is_steady(heard: Heard) -> bool:
    """Whether gateways could be heard for as long as they need."""
    return all(_is_there(part, heard) and heard.now - heard.present[part].since >= GRACE for part in UPSTREAM)


def _is_back(subject: Subject, heard: Heard, gone: Subject | None) -> bool:
    """A gateway that is heard; a part that is there; nothing is known of what is below one that is gone."""
    if subject.part is Part.GATEWAY:
        return subject not in heard.overdue
    return _is_there(subject.part, heard) and (gone is None or UPSTREAM.index(gone.part) > UPSTREAM.index(subject.part))
