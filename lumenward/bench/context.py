"""What a bench is, what it is given, and what it hands back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

from lumenward.errors import Interrupted

Figures = Mapping[str, float | None]
"""By name; None where this machine lacks what it takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number of a bench: what it means, with its unit, and the bound that it must keep, in words ("" for none)."""

    name: str
    means: str
    bound: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """How much a bench does: the word of its option (`batches` for --batches), and how many unless told."""

    word: str
    usual: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """A bench: `run` gives its figures; `load` is None where there is no more or less of it."""

    name: str
    sentence: str
    figures: tuple[Figure, ...]
    load: Load | None
    run: "Callable[[Work], Figures]"


@dataclass(frozen=True, slots=True)
class Share:
    """How much of the time, as a fraction, a group of functions took itself."""

    group: str
    fraction: float


@dataclass(slots=True, kw_only=True)
class Work:
    """What a running bench works with.

    `size` is its load, `directory` an empty one that is removed afterwards. `thorough`: a profile is wanted too.
    `told` hears how far it is, as a fraction, and `warn` why a figure is missing.
    """

    size: int
    directory: Path
    stop: Event
    told: Callable[[float], None]
    warn: Callable[[str], None]
    thorough: bool = False
    profile: list[Share] = field(default_factory=list[Share])

    def progress(self, fraction: float) -> None:
        """Tell how far the bench is. Raises Interrupted when somebody asked it to stop."""
        self.told(min(1.0, fraction))
        if self.stop.is_set():
            raise Interrupted

    def lacking(self, names: tuple[str, ...], reason: str) -> Figures:
        """Figures that this machine cannot give, and why."""
        self.warn(f"{', '.join(names)}: {reason}")
        return dict.fromkeys(names)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of a bench at one load."""

    size: int
    figures: Figures
    profile: tuple[Share, ...]
