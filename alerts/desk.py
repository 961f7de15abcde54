"""Where findings become alerts and people take them on, against any store."""

from datetime import datetime

from alerts.errors import AlertUnknown
from alerts.life import Alert, Event, Report, acknowledged, event_between, raised
from alerts.store import AlertStore
from vocabulary.identity import AlertId, ClinicId, UserId


def report(store: AlertStore, news: Report, now: datetime) -> Alert:
    """Raise the alert of a finding, or bring it up to date; saves only what changed."""
    known = store.alert(news.subject.clinic, news.alert_id)
    after = raised(known, news, now)
    if after != known:
        store.save(after, event_between(known, after))
    return after


def acknowledge(store: AlertStore, which: tuple[ClinicId, AlertId], by: UserId, now: datetime) -> Alert:
    """Take an alert on. Raises AlertUnknown, MoveRefused."""
    known = store.alert(*which)
    if known is None:
        raise AlertUnknown(which[1])
    after = acknowledged(known, by, now)
    store.save(after, Event.ACKNOWLEDGED)
    return after
