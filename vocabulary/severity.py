"""How bad it would be not to respond (the words of IEC 60601-1-8)."""

from enum import StrEnum


class Severity(StrEnum):
    """Ordered from worst to mildest; `rank` sorts."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"

    @property
    def rank(self) -> int:
        """0 for the worst."""
        return list(Severity).index(self)
