"""Property values, typed as BlueZ has them."""

from collections.abc import Iterable
from typing import Final

from dbus_fast import Variant

YES: Final = Variant("b", value=True)
NO: Final = Variant("b", value=False)


def flag(*, on: bool) -> Variant:
    """A boolean."""
    return YES if on else NO


def text(value: str) -> Variant:
    """A string."""
    return Variant("s", value)


def texts(values: Iterable[str]) -> Variant:
    """An array of strings."""
    return Variant("as", list(values))


def octets(value: bytes) -> Variant:
    """A byte array."""
    return Variant("ay", value)


def path(value: str) -> Variant:
    """An object path."""
    return Variant("o", value)
