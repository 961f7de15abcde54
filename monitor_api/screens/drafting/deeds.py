"""What the buttons of a draft's form ask for: save, add a part, take one away, go on to signing."""

import re
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Final

from clinical.regimen.drafts import under
from clinical.regimen.written import Written
from monitor_api.screens.drafting.form import BLANK
from monitor_api.screens.drafting.units import pattern

SAVE: Final = "save"
SIGN: Final = "sign"
_ASKED: Final = re.compile(r"(add|drop) ([a-z0-9.]{1,60})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The written form after a button, and the part of the page to go on at."""

    written: Written
    at: str


def press(written: Written, asked: str) -> Done:
    """Add a blank part to a list, or take one away; what is no such button changes nothing."""
    hit = _ASKED.fullmatch(asked)
    if hit is None:
        return Done(written=written, at="reasons")
    changed = deepcopy(written)
    at = _add(changed, hit[2]) if hit[1] == "add" else _drop(changed, hit[2])
    return Done(written=changed, at=at)


def _add(written: Written, group: str) -> str:
    blank, members = BLANK.get(pattern(group)), _members(written, group)
    if blank is None or members is None:
        return "reasons"
    members.append(deepcopy(blank))
    return f"{group}.{len(members) - 1}"


def _drop(written: Written, part: str) -> str:
    group, _, place = part.rpartition(".")
    members = _members(written, group)
    if members is None or not place.isdecimal() or int(place) >= len(members):
        return "reasons"
    del members[int(place)]
    return group


def _members(written: Written, group: str) -> list[Any] | None:
    """The list under a path, None where there is none."""
    found = under(written, group)
    return found if isinstance(found, list) else None  # pyright: ignore[reportUnknownVariableType]
