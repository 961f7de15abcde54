"""A case: all of one patient that a replay needs, as it stands in a snapshot."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from msgspec import Struct

from clinical.course import Course, PastSession
from clinical.facts import Samples
from clinical.misuse.course_rules import LimitsAsked
from monitor_api.sessions.skin import SkinAnswers
from vocabulary.identity import SessionId


class Kept(Struct, frozen=True, kw_only=True):
    """One session of a case. `samples` may be left out of a snapshot; `missing` counts those that never came."""

    past: PastSession
    samples: Samples
    missing: int


@dataclass(frozen=True, kw_only=True)
class Case:
    """A patient, who looks after them, and their sessions with what samples were kept.

    `course` has its sessions in the order of `kept`. `note` is what the maker of the snapshot adds, for the reader
    that knows it; empty in one that was made from a real store. `skin`, oldest first, and `limits` as when the
    snapshot was made.
    """

    physician: str
    course: Course
    kept: tuple[Kept, ...]
    note: str
    skin: tuple[SkinAnswers, ...] = ()
    limits: tuple[LimitsAsked, ...] = ()

    @cached_property
    def sessions(self) -> Mapping[SessionId, PastSession]:
        """The sessions by their ids."""
        return {one.past.session: one.past for one in self.kept}

    def past(self, session: SessionId) -> PastSession:
        """One of them."""
        return self.sessions[session]
