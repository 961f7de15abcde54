"""What the clinical core raises.

ClinicalError
└── RegimenRefused    a regimen that contradicts itself: every reason at once
"""

from vocabulary.errors import LumenwardError


class ClinicalError(LumenwardError):
    """The root of this package's errors."""


class RegimenRefused(ClinicalError):
    """A regimen that contradicts itself: `reasons` maps each field to what is wrong with it."""

    def __init__(self, reasons: dict[str, str]) -> None:
        self.reasons = reasons
        super().__init__("; ".join(f"{field}: {reason}" for field, reason in reasons.items()))
