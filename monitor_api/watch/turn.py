"""The moment of a chore."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """When a chore is done: civil time, real time, and since when, in real time, this watch leads."""

    civil: datetime
    real: datetime
    leading_since: datetime
