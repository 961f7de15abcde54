"""What drivers raise.

DriverError
├── FrameRefused      bytes that the family's tables do not allow: `layout`, `field`, `problem`
└── FamilyUnknown     no driver of that name is registered
"""

from vocabulary.errors import LumenwardError


class DriverError(LumenwardError):
    """The root of this package's errors."""


class FrameRefused(DriverError):
    """Bytes that are no such frame: `layout` and `field` say where, `problem` what is wrong there."""

    def __init__(self, layout: str, field: str, problem: str) -> None:
        self.layout, self.field, self.problem = layout, field, problem
        super().__init__(f"{layout}.{field}: {problem}")


class FamilyUnknown(DriverError):
    """No driver of that name: `family`."""

    def __init__(self, family: str, known: tuple[str, ...]) -> None:
        self.family = family
        super().__init__(f"no driver is called {family!r:.60}; there are: {', '.join(known)}")
