"""Where time goes: a profile's own times, by groups of functions."""

from collections.abc import Sequence
from cProfile import Profile
from pathlib import Path
from pstats import Stats
from typing import Final, cast

from lumenward.bench.context import Share

Group = tuple[str, tuple[str, ...]]
"""A group's name, and words of which a function's file or name has one. The first group that has one is meant."""

REST: Final = "the rest of Python"


def shares(profile: Profile | Path, groups: Sequence[Group]) -> list[Share]:
    """The groups' parts of all own time; a path is that of a profile which another process wrote."""
    stats = Stats(str(profile) if isinstance(profile, Path) else profile).stats  # type: ignore[attr-defined]
    found = cast("dict[tuple[str, int, str], tuple[int, int, float, float, object]]", stats)
    own: dict[str, float] = {}
    for (file, _, function), (_, _, seconds, _, _) in found.items():
        group = _group(f"{file} {function}", groups)
        own[group] = own.get(group, 0.0) + seconds
    total = sum(own.values())
    return [Share(group, seconds / total) for group, seconds in own.items()]


def _group(name: str, groups: Sequence[Group]) -> str:
    return next((group for group, words in groups if any(word in name for word in words)), REST)
