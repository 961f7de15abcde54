"""Take an alert on."""

from alerts.desk import acknowledge
from monitor_api.http.deeds.writing import Writing
from monitor_api.http.queries.alerts import SeenAlert, alert
from monitor_api.records.alert_store import SqlAlertStore
from vocabulary.identity import AlertId, UserId


def acknowledge_alert(writing: Writing, which: AlertId) -> SeenAlert:
    """Take an alert on in the caller's name. Raises AlertUnknown, MoveRefused when somebody already has."""
    caller = writing.caller
    store = SqlAlertStore(writing.session, caller.actor, writing.now)
    acknowledge(store, (caller.clinic, which), UserId(caller.id), writing.now)
    writing.session.flush()
    return alert(writing.session, caller, which)
