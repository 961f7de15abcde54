"""What the gateway raises.

GatewayError
├── OutboxTooNew     the outbox was written by a newer version
├── OutboxFailed     the outbox cannot be read or written now
├── OutboxDamaged    the outbox does not read; it is mended at the next opening
├── OutboxHeld       another gateway works on this data directory
├── ItemUnfit        an item that the wire does not take
├── RadioUnavailable there is no adapter to listen with now
└── LinkError        a link to a device did not do what it must
    ├── LinkLost       it is gone, or never came to be; trying again may help
    └── LinkRefused    the device answered, and refuses; trying again at once does not help
        ├── LinkStale       its attributes are not where they were, or it no longer knows us
        └── LinkUnsupported it cannot do what was asked
"""

from pathlib import Path

from gateway.addresses import shortened
from vocabulary.errors import LumenwardError


class GatewayError(LumenwardError):
    """The root of this package's errors."""


class OutboxTooNew(GatewayError):
    """The outbox was written by a newer version: `path`, `found`, `known`."""

    def __init__(self, path: Path, found: int, known: int) -> None:
        self.path, self.found, self.known = path, found, known
        super().__init__(
            f"{path} has schema {found}, this version reads up to {known}. Start the newer version that wrote it"
        )


class OutboxFailed(GatewayError):
    """The outbox cannot be read or written now: `problem`."""

    def __init__(self, problem: str) -> None:
        self.problem = problem
        super().__init__(f"the outbox cannot be read or written: {problem}. Is the disk full?")


class OutboxDamaged(GatewayError):
    """The outbox does not read: `path`, `problem`."""

    def __init__(self, path: Path, problem: str) -> None:
        self.path, self.problem = path, problem
        super().__init__(f"{path} is damaged: {problem}. It is mended when the gateway starts again")


class OutboxHeld(GatewayError):
    """Another gateway works on this data directory: `path` of the file that it holds."""

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(f"{path} is held by another gateway. Stop that one, or give this one a `data` of its own")


class ItemUnfit(GatewayError):
    """An item that the wire does not take: its `kind`, and the `problem` with it."""

    def __init__(self, kind: str, problem: str) -> None:
        self.kind, self.problem = kind, problem
        super().__init__(f"a {kind} does not fit the wire: {problem}")


class RadioUnavailable(GatewayError):
    """There is no adapter to listen with now: `problem`."""

    def __init__(self, problem: str) -> None:
        self.problem = problem
        super().__init__(f"no Bluetooth: {problem}. `lumenward doctor` says what is missing")


class LinkError(GatewayError):
    """A link to a device did not do what it must: `address`, `step`, `problem`."""

    def __init__(self, address: str, step: str, problem: str) -> None:
        self.address, self.step, self.problem = address, step, problem
        super().__init__(shortened(f"{address}: {step}: {problem}"))


class LinkLost(LinkError):
    """The link is gone, or never came to be; trying again may help."""


class LinkRefused(LinkError):
    """The device answered, and refuses; trying again at once does not help."""


class LinkStale(LinkRefused):
    """What is remembered of the device does not fit it: where its attributes are, or the bond."""


class LinkUnsupported(LinkRefused):
    """The device cannot do what was asked."""
