"""The battery: drained by emission, filled on the stand where a device rests."""

from datetime import timedelta
from typing import Final

_FULL_CHARGE: Final = timedelta(hours=2)
_EMISSION_OF_A_CHARGE: Final = timedelta(minutes=80)
"""A mask gives 8 to 10 sessions of 9 minutes per charge (domain facts 1.2)."""


class Battery:
    """Its charge, as a fraction."""

    def __init__(self, charge: float) -> None:
        self._charge = charge

    @property
    def percent(self) -> int:
        """As a display rounds it."""
        return round(self._charge * 100)

    def drain(self, emitting: timedelta) -> None:
        """Time spent emitting."""
        self._charge = max(0.0, self._charge - emitting / _EMISSION_OF_A_CHARGE)

    def rest(self, lasting: timedelta) -> None:
        """Time on the stand."""
        self._charge = min(1.0, self._charge + lasting / _FULL_CHARGE)
