"""Whether a session was to run, found minute by minute."""

from datetime import UTC, datetime, timedelta

MINUTE = timedelta(minutes=1)
EVER = datetime.max.replace(tzinfo=UTC)


def forbidden(holds, session):
    """Of each minute in which a session may have begun, whether any hold was on it."""
    mine = [one.during for one in holds if one.modality is None or one.modality is session.modality]
    at, found = session.started.earliest, []
    while at <= session.started.latest:
        found.append(any(one.from_at <= at < (one.until_at or EVER) for one in mine))
        at += MINUTE
    return found
