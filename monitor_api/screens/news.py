"""What has changed since a page was drawn, by the cursor that the page carries."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from monitor_api.http.callers import Caller
from monitor_api.http.queries.changes import backlog
from vocabulary.identity import PatientId


@dataclass(frozen=True, slots=True)
class News:
    """Whom changes were about, and the ids of what changed; `nobodys`: something of a device that is nobody's did."""

    patients: frozenset[PatientId]
    subjects: frozenset[str]
    nobodys: bool

    def __bool__(self) -> bool:
        return bool(self.subjects)


def news_since(session: Session, caller: Caller, after: int) -> News | None:
    """What the caller has not seen yet; None when that is too much to tell, and all must be shown again."""
    missed = backlog(session, caller, after)
    if missed is None:
        return None
    return News(
        patients=frozenset(one.patient for one in missed if one.patient),
        subjects=frozenset(one.subject_id for one in missed),
        nobodys=any(one.patient is None and one.kind not in {"device", "gateway"} for one in missed),
    )
