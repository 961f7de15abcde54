"""What the service raises.

MonitorError
├── StoreTooNew       a file was written by a newer version
├── StoreUnusable     a store cannot be opened, and trying again does not help
├── AddressTaken      the API cannot listen where it is told to
├── SamplesRefused    samples that the telemetry store never takes
├── StoreUnavailable  a store fails for now; trying again may help
├── ClaimLost         another checker has taken a check over
├── NotHeld           a hold is to be lifted where there is none
├── BrokerDeaf        the connection to the broker ended for good
├── NoKey             a gateway has no key that an order could be sealed with
├── KeyUnreadable     a gateway's key does not open under this service's secret
└── BatchRefused      a batch that cannot be taken, and never can
"""

from pathlib import Path

from vocabulary.errors import LumenwardError


class MonitorError(LumenwardError):
    """The root of this package's errors."""


class StoreTooNew(MonitorError):
    """A store was written by a newer version of Lumenward: `store` (a file, or the records), `found`, `known`."""

    def __init__(self, store: Path | str, found: int, known: int) -> None:
        self.store, self.found, self.known = store, found, known
        super().__init__(
            f"{store} has schema {found}, this version reads up to {known}. Start the newer version that wrote it"
        )


class StoreUnusable(MonitorError):
    """A store cannot be used with these settings, and trying again does not help: `store`, `problem`, `remedy`."""

    def __init__(
        self, store: str, problem: str, remedy: str = "Check `data` and `records_url` in the settings"
    ) -> None:
        self.store, self.problem, self.remedy = store, problem, remedy
        super().__init__(f"the {store} store cannot be opened: {problem}. {remedy}")


class AddressTaken(MonitorError):
    """The API cannot listen where it is told to: `host`, `port`."""

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port = host, port
        super().__init__(f"not listening on {host}:{port}. End what else listens there, or set http.host and http.port")


class SamplesRefused(MonitorError):
    """Samples that the telemetry store never takes, while it takes others: `problem`."""

    def __init__(self, problem: str) -> None:
        self.problem = problem
        super().__init__(f"the telemetry store refuses samples: {problem}")


class StoreUnavailable(MonitorError):
    """A store fails for now (locked, full, gone); trying again may help: `store`, `problem`."""

    def __init__(self, store: str, problem: str) -> None:
        self.store, self.problem = store, problem
        super().__init__(f"the {store} store fails: {problem}")


class ClaimLost(MonitorError):
    """Another checker has taken a check over: `session`."""

    def __init__(self, session: str) -> None:
        self.session = session
        super().__init__(f"the check of session {session} took longer than its lease; another checker has it")


class NotHeld(MonitorError):
    """A hold is to be lifted where there is none: `device`."""

    def __init__(self, device: str) -> None:
        self.device = device
        super().__init__(f"device {device} is not held")


class BrokerDeaf(MonitorError):
    """The connection to the broker ended for good."""

    def __init__(self) -> None:
        super().__init__("the thread that listens to the broker ended; start this process again")


class NoKey(MonitorError):
    """A gateway has no key that an order could be sealed with: `gateway`."""

    def __init__(self, gateway: str) -> None:
        self.gateway = gateway
        super().__init__(f"gateway {gateway} has no key in force. Give it one: POST /api/v1/gateways/{gateway}/keys")


class KeyUnreadable(MonitorError):
    """A gateway's key does not open under this service's secret: `gateway`, `key_id`."""

    def __init__(self, gateway: str, key_id: int) -> None:
        self.gateway, self.key_id = gateway, key_id
        super().__init__(
            f"key {key_id} of gateway {gateway} does not open: was LUMENWARD_SERVER_SECRET changed? Restore it"
        )


class BatchRefused(MonitorError):
    """A batch that cannot be taken, and never can: `where`, `reason`."""

    def __init__(self, where: str, reason: str) -> None:
        self.where, self.reason = where, reason
        super().__init__(f"{where}: {reason}")
