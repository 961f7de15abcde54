"""What the service raises.

MonitorError
├── StoreTooNew         a file was written by a newer version
├── StoreUnusable       a store cannot be opened, and trying again does not help
├── AddressTaken        the API cannot listen where it is told to
├── SamplesRefused      samples that the telemetry store never takes
├── CopyDiffers         a session does not read the same from both stores after it was copied
├── StoreUnavailable    a store fails for now; trying again may help
├── ClaimLost           another checker has taken a check over
├── NotHeld             a hold is to be lifted where there is none
├── BrokerDeaf          the connection to the broker ended for good
├── NoKey               a gateway has no key that an order could be sealed with
├── KeyUnreadable       a gateway's key does not open under this service's secret
├── SigningKeyMissing   a clinic has no key to sign regimens with
├── SigningKeyUnusable  a file is no key to sign regimens with
├── SignatureBroken     a version of a regimen is not what was signed
├── SnapshotUnreadable  a file is not a snapshot of session facts
└── BatchRefused        a batch that cannot be taken, and never can
"""

from pathlib import Path
from uuid import UUID

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


class CopyDiffers(MonitorError):
    """A session does not read the same from both stores after it was copied: `session`, `problem`."""

    def __init__(self, session: str, problem: str) -> None:
        self.session, self.problem = session, problem
        super().__init__(f"session {session} differs: {problem}. Stop all roles, and copy again")


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


class SigningKeyMissing(MonitorError):
    """A clinic has no key to sign regimens with: `clinic`."""

    def __init__(self, clinic: UUID) -> None:
        self.clinic = clinic
        super().__init__(
            f"clinic {clinic} has no key to sign with. Name a directory in `signing_keys` of the settings, and make the"
            f" key in it: lumenward clinic key {clinic}"
        )


class SigningKeyUnusable(MonitorError):
    """A file is no key to sign regimens with: `file`, `problem`."""

    def __init__(self, file: Path, problem: str) -> None:
        self.file, self.problem = file, problem
        super().__init__(f"{file} cannot be used as a key: {problem}")


class SignatureBroken(MonitorError):
    """A version of a regimen is not what was signed: `regimen`, `version`, `proof`."""

    def __init__(self, regimen: UUID, version: int, proof: str) -> None:
        self.regimen, self.version, self.proof = regimen, version, proof
        super().__init__(
            f"version {version} of regimen {regimen} is not delivered: its signature is {proof}. Sign a new version"
        )


class SnapshotUnreadable(MonitorError):
    """A file is not a snapshot of session facts: `path`, `problem`."""

    def __init__(self, path: Path, problem: str) -> None:
        self.path, self.problem = path, problem
        super().__init__(f"{path} is not a snapshot of session facts: {problem}. Make one: lumenward cohort make")

    def __reduce__(self) -> tuple[type["SnapshotUnreadable"], tuple[Path, str]]:
        """How it comes from the process of a replay to the one that asked for it."""
        return type(self), (self.path, self.problem)


class SnapshotMissing(MonitorError):
    """A service has no snapshot yet: `path`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(
            f"there is no snapshot of session facts at {path}. The role `watch` makes one a few minutes after it"
            " started, and every night; on another machine, look there. One for now: lumenward cohort snapshot"
        )


class SnapshotUnwritten(MonitorError):
    """A snapshot cannot be written: `path`, `problem`. The one that is there stays."""

    def __init__(self, path: Path, problem: str) -> None:
        self.path, self.problem = path, problem
        super().__init__(f"no snapshot can be written in {path}: {problem}. Make room there, or name another place")


class SnapshotBusy(MonitorError):
    """Another process is writing the service's snapshot: `path`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(f"another process writes a snapshot in {path}")


class WorkStopped(MonitorError):
    """A long work was asked to stop before it was done; nothing of it stays."""

    def __init__(self) -> None:
        super().__init__("stopped before it was done")


class CandidateRefused(MonitorError):
    """A candidate that cannot be held beside what holds now: `reasons` maps each part to what is wrong with it."""

    def __init__(self, reasons: dict[str, str]) -> None:
        self.reasons = reasons
        super().__init__("; ".join(f"{part}: {reason}" for part, reason in reasons.items()))


class BatchRefused(MonitorError):
    """A batch that cannot be taken, and never can: `where`, `reason`."""

    def __init__(self, where: str, reason: str) -> None:
        self.where, self.reason = where, reason
        super().__init__(f"{where}: {reason}")
