"""A wire format as a table: fields that follow each other and fill a frame exactly."""

import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from device_drivers.errors import FrameRefused


@dataclass(frozen=True, slots=True)
class Kind:
    """How a field's integer lies in the bytes: a `struct` code."""

    code: str


U8, I8, U16, I16, U32, U64 = (Kind(code) for code in "BbHhIQ")
U48 = Kind("6s")

_ORDERS: Final = {"little": "<", "big": ">"}


class Unfit(ValueError):
    """A value is not one that its field may have."""


Convert = Callable[[int], Any]


def plain(raw: int) -> int:
    """The integer as it is."""
    return raw


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its name (with the unit of what `convert` gives), its place's kind, its meaning. Raises Unfit."""

    name: str
    kind: Kind
    convert: Convert = plain


class Layout:
    """The fields of one frame, in order.

    `decode` gives a value for each field by name; it raises FrameRefused for a wrong length and for the first
    field whose value is not allowed.
    """

    def __init__(self, name: str, *fields: Field, byteorder: Literal["little", "big"] = "little") -> None:
        self.name = name
        self._fields = fields
        self._byteorder: Literal["little", "big"] = byteorder
        self._plan = struct.Struct(_ORDERS[byteorder] + "".join(field.kind.code for field in fields))

    @property
    def size(self) -> int:
        """Bytes of one frame."""
        return self._plan.size

    def decode(self, frame: bytes) -> dict[str, Any]:
        """Decode one frame of exactly `size` bytes."""
        if len(frame) != self.size:
            raise FrameRefused(self.name, "length", f"{len(frame)} bytes, expected {self.size}")
        values: dict[str, Any] = {}
        for field, raw in zip(self._fields, self._plan.unpack(frame), strict=True):
            number = int.from_bytes(raw, self._byteorder) if isinstance(raw, bytes) else raw
            try:
                values[field.name] = field.convert(number)
            except Unfit as unfit:
                raise FrameRefused(self.name, field.name, str(unfit)) from None
        return values

    def encode(self, raw: Mapping[str, int]) -> bytes:
        """A frame of these integers, by field, as they lie in the bytes."""
        return self._plan.pack(*(raw[field.name] for field in self._fields))


def one_of(choices: Mapping[int, Any], *, absent: int | None = None) -> Convert:
    """A code out of a table; `absent` means None."""

    def convert(raw: int) -> Any:  # noqa: ANN401 - whatever the table holds
        if raw == absent:
            return None
        if raw not in choices:
            raise Unfit(f"{raw} is none of {sorted(choices)}")
        return choices[raw]

    return convert


def numbered(names: Sequence[Any], *, start: int = 0) -> dict[int, Any]:
    """A table of codes that count up from `start`."""
    return dict(enumerate(names, start))


def bits(names: Sequence[Any]) -> Convert:
    """The names of the bits that are set, lowest first; bits without a name are ignored."""

    def convert(raw: int) -> tuple[Any, ...]:
        return tuple(name for bit, name in enumerate(names) if raw >> bit & 1)

    return convert


def scaled(per_unit: int, *, low: float = 0, high: float = 1e6, absent: int | None = None) -> Convert:
    """A number of 1/`per_unit` units, within [low, high]; `absent` means None."""

    def convert(raw: int) -> float | None:
        if raw == absent:
            return None
        value = raw / per_unit
        if not low <= value <= high:
            raise Unfit(f"{value:g} is outside {low:g} to {high:g}")
        return value

    return convert


def whole(low: int, high: int, *, absent: int | None = None) -> Convert:
    """An integer within [low, high]; `absent` means None."""

    def convert(raw: int) -> int | None:
        if raw == absent:
            return None
        if not low <= raw <= high:
            raise Unfit(f"{raw} is outside {low} to {high}")
        return raw

    return convert
