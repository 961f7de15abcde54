"""Work that a worker has claimed, handed back: others may take it at once."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import bindparam, update
from sqlalchemy.orm import Session

from monitor_api.records.courses import CourseDueRow
from monitor_api.records.sessions import DueRow


def hand_back(
    session: Session, row: type[DueRow] | type[CourseDueRow], names: Iterable[tuple[UUID, UUID]], worker: str
) -> None:
    """End the claims of a worker on the rows with these primary keys; what another has taken over stays as it is.

    In the order of their keys, so that two who do this wait for each other and not crosswise.
    """
    columns = list(row.__table__.primary_key)
    theirs = [{"clinic": clinic, "one": one, "worker": worker} for clinic, one in sorted(names)]
    named = [column == bindparam(name) for column, name in zip(columns, ("clinic", "one"), strict=True)]
    if theirs:
        handed_back = (
            update(row).where(*named, row.claimed_by == bindparam("worker")).values(claimed_by=None, claimed_until=None)
        )
        session.connection().execute(handed_back, theirs)
