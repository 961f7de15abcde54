"""How sure the wear of a session is, as adherence counts it."""

from typing import Final

from msgspec import Struct

from clinical.course import Between


class Worn(Struct, frozen=True, kw_only=True):
    """How sure it is that somebody wore the device in a session, and the part of its dose that reached skin."""

    probability: Between
    dose_fraction: Between


UNJUDGED: Final = Worn(probability=Between(low=0.0, high=1.0), dose_fraction=Between(low=0.0, high=1.0))
"""Of a session of which nobody has said anything."""
