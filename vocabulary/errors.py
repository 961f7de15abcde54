"""Every error that Lumenward raises on purpose descends from the root here; each package keeps its own branch.

LumenwardError
├── IdentityError     a text is not the identifier it claims to be
├── SettingsError     settings that a process cannot start with: every problem at once
└── WireError         bytes are not what the wire carries
    ├── EnvelopeError   the header, the topic or the size
    ├── SealError       the seal: another key, another topic, or changed bytes
    └── BodyError       sealed by who it claims, and still not a body
"""

from collections.abc import Mapping


class LumenwardError(Exception):
    """Something went wrong that the message explains: what, where, and what to do about it."""


class IdentityError(LumenwardError, ValueError):
    """A text is not the identifier it claims to be: `kind`, `text`."""

    def __init__(self, kind: str, text: str, expected: str) -> None:
        self.kind, self.text = kind, text
        super().__init__(f"{text!r:.60} is no {kind}: expected {expected}")


class SettingsError(LumenwardError):
    """Settings that a process cannot start with: `source` (a file, or the environment), `problems` by key."""

    def __init__(self, source: str, problems: Mapping[str, str], remedy: str) -> None:
        self.source, self.problems, self.remedy = source, dict(problems), remedy
        lines = [f"{source}: {key}: {problem}" for key, problem in self.problems.items()]
        super().__init__("\n".join([*lines, remedy]))


class WireError(LumenwardError):
    """Bytes are not what the wire carries: `where` names the part, `problem` what is wrong with it."""

    def __init__(self, where: str, problem: str) -> None:
        self.where, self.problem = where, problem
        super().__init__(f"{where}: {problem}")


class EnvelopeError(WireError):
    """The header, the topic or the size is wrong; nothing was opened."""


class SealError(WireError):
    """The seal does not hold: another key, another topic, or changed bytes."""


class BodyError(WireError):
    """The seal holds and the body is still not one."""
