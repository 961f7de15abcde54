"""A draft: the written form of a prescription with holes in it, and what is in the way of signing it.

Rules, kept here:
- What is missing and what contradicts itself are said at once, each under the path of its field.
- What would hang on something missing is not said: the holes are filled once so that least is asked for and once so
  that most is, and of the contradictions only those count that are found both times.
"""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any, Final, cast

from clinical.errors import RegimenRefused
from clinical.regimen.checks import HIGHEST_LEVEL, LONGEST_PERIOD, LONGEST_SESSION, MOST_A_DAY, by_field, contradictions
from clinical.regimen.light_checks import HIGHEST_NUMBER
from clinical.regimen.prescription import DOSE_UNITS, Prescription
from clinical.regimen.written import Written, read
from vocabulary.devices import Modality

MISSING: Final = "has to be filled in"

_YEAR_S: Final = 366 * 86400
_LEAST_DOSE, _MOST_DOSE = 1e-6, 1e9

NEEDED: Final[dict[str, tuple[Any, Any]]] = {
    "phases.*.timing.frequency": (1, MOST_A_DAY * LONGEST_PERIOD.days),
    "phases.*.timing.period_days": (LONGEST_PERIOD.days, 1),
    "phases.*.duration_s": (0.001, LONGEST_SESSION.total_seconds()),
    "phases.*.dose": (_LEAST_DOSE, _MOST_DOSE),
    "programmes.*.number": (0, HIGHEST_NUMBER),
    "programmes.*.light.*.wavelength_nm": (400, 1400),
    "caps.*.window_s": (0.001, _YEAR_S),
    "caps.*.dose": (_LEAST_DOSE, _MOST_DOSE),
    "cem43.info_min": (0.001, 240),
    "cem43.warn_min": (0.001, 240),
    "cem43.alert_min": (0.001, 240),
    "cem43.stop_min": (0.001, 240),
    "level.lowest": (0.001, HIGHEST_LEVEL),
    "level.highest": (0.001, HIGHEST_LEVEL),
}
"""What a prescription cannot be without, wherever its part is there: the least and the most that it could ask for.

A longer period asks for less.
"""


def reasons_to_wait(draft: Written, modality: Modality) -> dict[str, str]:
    """What is in the way of signing, by the path of the field; empty when it could be signed."""
    holes = dict(_holes(draft))
    least, most = (list(contradictions(read(_filled(draft, holes, end, modality), modality))) for end in (0, 1))
    certain = [one for one in least if one in most and one[0] not in holes]
    return dict.fromkeys(holes, MISSING) | by_field(certain)


def finished(draft: Written, modality: Modality) -> Prescription:
    """The prescription that a draft has become. Raises RegimenRefused, with every reason at once."""
    reasons = reasons_to_wait(draft, modality)
    if reasons:
        raise RegimenRefused(reasons)
    return read(draft, modality)


def _holes(draft: Written) -> Iterator[tuple[str, str]]:
    """Each hole, and the entry of the table that says it is one."""
    for pattern in NEEDED:
        yield from ((path, pattern) for path in _missing(draft, pattern.split("."), ""))


def _missing(value: Any, steps: list[str], path: str) -> Iterator[str]:  # noqa: ANN401 - any JSON value, told apart below
    if value is None:
        if not steps:
            yield path
        return
    if not steps:
        return
    step, *further = steps
    inner = enumerate(value) if step == "*" else [(step, value.get(step))]
    for name, one in inner:
        yield from _missing(one, further, f"{path}.{name}" if path else str(name))


def _filled(draft: Written, holes: Mapping[str, str], end: int, modality: Modality) -> Written:
    written = deepcopy(draft)
    for path, pattern in holes.items():
        part, _, last = path.rpartition(".")
        figure = NEEDED[pattern][end]
        under(written, part)[last] = {"value": figure, "unit": str(DOSE_UNITS[modality])} if last == "dose" else figure
    return written


def under(document: Any, path: str) -> Any:  # noqa: ANN401 - any JSON value, told apart below
    """What stands under a path of a written form; None where nothing does."""
    for step in path.split("."):
        document = _member(document, step)
    return document


def _member(value: Any, step: str) -> Any:  # noqa: ANN401 - any JSON value, told apart below
    if isinstance(value, dict):
        return cast("dict[str, Any]", value).get(step)
    if isinstance(value, list) and step.isdecimal():
        return next(iter(value[int(step) :]), None)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    return None
