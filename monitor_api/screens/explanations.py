"""What a rule tells a physician, part by part, out of the lines of its docstring."""

import re
from collections.abc import Iterable
from typing import Final

_PART: Final = re.compile(r"(?P<title>[A-Z][a-z ]{2,30}): (?P<words>.+)")


def parts(explanation: Iterable[str]) -> list[tuple[str, str]]:
    """Title and words of each part after the first sentence; a line without a title goes on with the one before."""
    found: list[tuple[str, str]] = []
    for line in explanation:
        if part := _PART.fullmatch(line):
            found.append((part["title"], part["words"]))
        elif found:
            title, words = found[-1]
            found[-1] = (title, f"{words} {line}")
    return found
