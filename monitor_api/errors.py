"""What the service raises.

MonitorError
├── StoreTooNew       a file was written by a newer version
├── StoreUnavailable  a store fails for now; trying again may help
├── KeyUnreadable     a gateway's key does not open under this service's secret
└── BatchRefused      a batch that cannot be taken, and never can
"""

from pathlib import Path

from vocabulary.errors import LumenwardError


class MonitorError(LumenwardError):
    """The root of this package's errors."""


class StoreTooNew(MonitorError):
    """A file was written by a newer version of Lumenward: `path`, `found`, `known`."""

    def __init__(self, path: Path, found: int, known: int) -> None:
        self.path, self.found, self.known = path, found, known
        super().__init__(
            f"{path} has schema {found}, this version reads up to {known}. Start the newer version that wrote it"
        )


class StoreUnavailable(MonitorError):
    """A store fails for now (locked, full, gone); trying again may help: `store`, `problem`."""

    def __init__(self, store: str, problem: str) -> None:
        self.store, self.problem = store, problem
        super().__init__(f"the {store} store fails: {problem}")


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
