"""JSON read field by field: what is missing, unknown or of another kind is refused with its path."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TypeVar, cast

from firmware_bridge.virtual.errors import DefinitionError

T = TypeVar("T")


class Fields:
    """One JSON object. Each method takes a field and raises DefinitionError unless it is of that kind.

    `done` refuses what nobody took, so a misspelt field is never ignored.
    """

    def __init__(self, where: str, fields: Mapping[str, object]) -> None:
        self.where = where
        self._left = dict(fields)

    @classmethod
    def parse(cls, where: str, text: str | bytes) -> "Fields":
        """Read the text of one object."""
        try:
            return cls.of(where, json.loads(text))
        except ValueError as error:
            raise DefinitionError(where, f"is no JSON: {error}") from error

    @classmethod
    def of(cls, where: str, value: object) -> "Fields":
        """Read a value that has to be an object."""
        if not isinstance(value, dict):
            raise DefinitionError(where, f"expected an object, not {value!r:.40}")
        return cls(where, cast("dict[str, object]", value))

    def text(self, name: str) -> str:
        """A string."""
        return self._take(name, str, "a text")

    def whole(self, name: str) -> int:
        """An integer."""
        return self._take(name, int, "a whole number")

    def number(self, name: str) -> float:
        """Any number."""
        return float(self._take(name, (int, float), "a number"))

    def optional(self, name: str, take: Callable[[str], T]) -> T | None:
        """What `take`, a method of these fields, makes of a field; None if it is null or not there."""
        if self._left.get(name) is None:
            self._left.pop(name, None)
            return None
        return take(name)

    def truth(self, name: str) -> bool:
        """True or false."""
        value = self._left.pop(name, None)
        if not isinstance(value, bool):
            raise DefinitionError(self._path(name), f"expected true or false, not {value!r:.40}")
        return value

    def seconds(self, name: str) -> timedelta:
        """A span given as a number of seconds."""
        return timedelta(seconds=self.number(name))

    def parsed(self, name: str, parse: Callable[[str], T]) -> T:
        """What a function makes of a text; it raises ValueError for others."""
        text = self.text(name)
        try:
            return parse(text)
        except ValueError as error:
            raise DefinitionError(self._path(name), str(error)) from error

    def instant(self, name: str) -> datetime:
        """An RFC 3339 time with its offset."""
        at = self.parsed(name, datetime.fromisoformat)
        if at.tzinfo is None:
            raise DefinitionError(self._path(name), "a time without its offset from UTC")
        return at

    def octets(self, name: str) -> bytes:
        """Bytes in hex."""
        return self.parsed(name, bytes.fromhex)

    def choice(self, name: str, choices: Mapping[str, T]) -> T:
        """What one of several texts stands for."""
        return _chosen(self._path(name), self._left.pop(name, None), choices)

    def choices(self, name: str, choices: Mapping[str, T]) -> tuple[T, ...]:
        """What a list of such texts stands for."""
        texts = cast("list[object]", self._take(name, list, "a list"))
        return tuple(_chosen(f"{self._path(name)}[{at}]", text, choices) for at, text in enumerate(texts))

    def inside(self, name: str, read: Callable[["Fields"], T]) -> T:
        """An object, read to its end."""
        return _whole(self._path(name), self._left.pop(name, None), read)

    def each(self, name: str, read: Callable[["Fields"], T]) -> tuple[T, ...]:
        """A list of objects, each read to its end."""
        items = cast("list[object]", self._take(name, list, "a list"))
        return tuple(_whole(f"{self._path(name)}[{at}]", item, read) for at, item in enumerate(items))

    def done(self) -> None:
        """Refuse fields that nobody took."""
        if self._left:
            raise DefinitionError(self.where, f"unknown: {', '.join(sorted(self._left))}")

    def _take(self, name: str, kind: type[T] | tuple[type[T], ...], called: str) -> T:
        value = self._left.pop(name, None)
        if not isinstance(value, kind) or isinstance(value, bool):
            raise DefinitionError(self._path(name), f"expected {called}, not {value!r:.40}")
        return value

    def _path(self, name: str) -> str:
        return f"{self.where}.{name}"


def _whole(where: str, value: object, read: Callable[[Fields], T]) -> T:
    fields = Fields.of(where, value)
    made = read(fields)
    fields.done()
    return made


def _chosen(where: str, text: object, choices: Mapping[str, T]) -> T:
    if not isinstance(text, str) or text not in choices:
        raise DefinitionError(where, f"{text!r:.40} is none of {', '.join(choices)}")
    return choices[text]
