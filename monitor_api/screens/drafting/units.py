"""In which unit a field of a draft is typed and read: minutes of a session, hours of rest, days of a window.

Rules, kept here:
- A number goes to the screen and back without a change: it is shown in the fewest digits that give it back.
- What nobody typed is null, never zero.
"""

import re
from decimal import Decimal
from typing import Final

_PLAIN: Final = re.compile(r"-?\d{1,12}(\.\d{1,30})?")
_STEP: Final = 6
"""Decimals of a stored second: its microsecond."""

PER: Final = {
    "phases.*.duration_s": 60.0,
    "limits.duration_s": 60.0,
    "limits.rest_s": 3600.0,
    "caps.*.window_s": 86400.0,
}
"""How many of the stored unit one of the typed is, where the two differ."""

WHOLE: Final = frozenset(
    {
        "phases.*.weeks",
        "phases.*.timing.frequency",
        "phases.*.timing.period_days",
        "programmes.*.number",
        "programmes.*.light.*.wavelength_nm",
        "most_per_day",
        "most_per_week",
    }
)
"""What is counted, and has no parts."""


def typed(path: str, value: float | None) -> str:
    """A stored number as it stands in its field."""
    if value is None:
        return ""
    per = PER.get(pattern(path))
    shown = value if per is None else value / per
    return str(int(shown)) if shown == int(shown) else format(Decimal(repr(shown)), "f")


def stored(path: str, text: str) -> float | int | None:
    """What is typed into a field, as it is stored. Raises ValueError in words for who typed it."""
    said = text.strip()
    if not said:
        return None
    if not _PLAIN.fullmatch(said):
        raise ValueError("expected a number alone, of up to 12 digits, with a point where it has decimals: 2.5")
    kind = pattern(path)
    if kind in WHOLE:
        if "." in said:
            raise ValueError("expected a whole number")
        return int(said)
    per = PER.get(kind)
    return float(said) if per is None else round(float(said) * per, _STEP)


def pattern(path: str) -> str:
    """The path of a field with a star for each place in a list."""
    return re.sub(r"(?<=\.)\d+(?=\.|$)", "*", path)
