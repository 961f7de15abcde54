"""What the clinical core raises.

ClinicalError
├── RegimenRefused    a regimen that contradicts itself: every reason at once
├── PracticeRefused   figures that a clinic cannot decide on: every reason at once
├── StepRefused       something that a regimen cannot do from where it is in its life
└── NotCanonical      a value that has no one way to be written
"""

from vocabulary.errors import LumenwardError


class ClinicalError(LumenwardError):
    """The root of this package's errors."""


class RegimenRefused(ClinicalError):
    """A regimen that contradicts itself: `reasons` maps each field to what is wrong with it."""

    def __init__(self, reasons: dict[str, str]) -> None:
        self.reasons = reasons
        super().__init__("; ".join(f"{field}: {reason}" for field, reason in reasons.items()))


class PracticeRefused(ClinicalError):
    """Figures that a clinic cannot decide on: `reasons` maps each to what it may be."""

    def __init__(self, reasons: dict[str, str]) -> None:
        self.reasons = reasons
        super().__init__("; ".join(f"{figure}: {reason}" for figure, reason in reasons.items()))


class StepRefused(ClinicalError):
    """Something that a regimen cannot do from where it is in its life: `stage`, `step`."""

    def __init__(self, stage: str, step: str) -> None:
        self.stage, self.step = stage, step
        super().__init__(f"a regimen that is {stage} cannot be {step}")


class NotCanonical(ClinicalError):
    """A value that has no one way to be written: `problem`."""

    def __init__(self, problem: str) -> None:
        self.problem = problem
        super().__init__(f"no canonical JSON: {problem}")
