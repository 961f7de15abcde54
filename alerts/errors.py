"""What alerts raise.

AlertError
├── MoveRefused     an alert cannot do that in the state it is in
└── AlertUnknown    there is no such alert in this clinic
"""

from vocabulary.errors import LumenwardError
from vocabulary.identity import AlertId


class AlertError(LumenwardError):
    """The root of this package's errors."""


class MoveRefused(AlertError):
    """An alert cannot do that in the state it is in: `state`, `event`."""

    def __init__(self, state: str, event: str) -> None:
        self.state, self.event = state, event
        super().__init__(f"an alert that is {state} cannot be {event}")


class AlertUnknown(AlertError):
    """There is no such alert in this clinic: `alert`."""

    def __init__(self, alert: AlertId) -> None:
        self.alert = alert
        super().__init__(f"there is no alert {alert}")
