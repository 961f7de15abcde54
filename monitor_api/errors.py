"""What the service raises.

MonitorError
├── StoreTooNew       a file was written by a newer version
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
