"""What alerts need of a store; the service implements it inside its own transactions."""

from typing import Protocol

from alerts.life import Alert, Event
from vocabulary.identity import AlertId, ClinicId


class AlertStore(Protocol):
    """Alerts of all clinics, by id."""

    def alert(self, clinic: ClinicId, alert: AlertId) -> Alert | None:
        """The alert, None when that clinic has none of that id."""
        ...

    def save(self, alert: Alert, event: Event | None) -> None:
        """Store the alert as it is now, and announce it; an event is what the trail says happened to it."""
        ...
