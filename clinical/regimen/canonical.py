"""One way to write JSON, so that a signature over it means one thing (after RFC 8785).

Rules, kept here:
- Keys are sorted by their UTF-16 code units, nothing stands between tokens, text is UTF-8 and escaped no more than JSON
  asks.
- A whole number is written without point and exponent, whether it came as 36 or 36.0, within ±2^53; any other in the
  fewest decimal digits that give the same double back, never with an exponent, between 1e-6 and 1e15. All else is
  refused: NaN, infinities, and numbers that would need an exponent.
"""

import json
from decimal import Decimal
from math import isfinite
from typing import Any, Final

from clinical.errors import NotCanonical

LARGEST_WHOLE: Final = 2**53
_LARGEST, _SMALLEST = 1e15, 1e-6


def canonical(value: object) -> bytes:
    """The bytes of a JSON value. Raises NotCanonical for what has no one way to be written."""
    try:
        return _text(value).encode()
    except UnicodeEncodeError:
        raise NotCanonical("text holds half of a character") from None


def _text(value: object) -> str:
    match value:
        case None | bool() | str():
            return json.dumps(value, ensure_ascii=False)
        case int():
            return _whole(value)
        case float():
            return _number(value)
        case list() | tuple():
            return f"[{','.join(_text(one) for one in value)}]"  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        case dict():
            return _object(value)  # pyright: ignore[reportUnknownArgumentType]
        case _:
            raise NotCanonical(f"{type(value).__name__} is no JSON")


def _object(members: dict[Any, Any]) -> str:
    if not all(isinstance(name, str) for name in members):
        raise NotCanonical("a name is no text")
    ordered = sorted(members, key=lambda name: name.encode("utf-16-be", "surrogatepass"))
    return f"{{{','.join(f'{_text(name)}:{_text(members[name])}' for name in ordered)}}}"


def _whole(value: int) -> str:
    if abs(value) > LARGEST_WHOLE:
        raise NotCanonical(f"{value} is beyond 2^53")
    return str(value)


def _number(value: float) -> str:
    if not isfinite(value):
        raise NotCanonical(f"{value} is no number")
    if value == int(value):
        return _whole(int(value))
    if not _SMALLEST <= abs(value) < _LARGEST:
        raise NotCanonical(f"{value} is too small or too large to be written without an exponent")
    return format(Decimal(repr(value)), "f")
