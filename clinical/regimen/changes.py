"""What changed between two versions: each field that differs, with its old and new value, and in words."""

from collections.abc import Iterator
from dataclasses import dataclass
from re import fullmatch
from typing import Any, Final

from clinical.regimen.prescription import Prescription
from clinical.regimen.wording import lasting_words, window_words
from clinical.regimen.written import Written, write


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """A field of the written form that differs; None where a version has no such field, or sets nothing.

    `old` and `new` are in the unit that the field's name ends with; `words` in those that people use.
    """

    field: str
    old: object
    new: object
    words: str


def changes(old: Prescription, new: Prescription) -> tuple[FieldChange, ...]:
    """Every field that differs, in the order of the written form; none where both say the same."""
    return written_changes(write(old), write(new))


def written_changes(old: Written, new: Written) -> tuple[FieldChange, ...]:
    """The same of two written forms, also of drafts: what a draft lacks is not set."""
    before, after = (dict(_leaves("", one)) for one in (old, new))
    fields = [*before, *(field for field in after if field not in before)]
    return tuple(
        FieldChange(
            field=field, old=then, new=now, words=f"{field_words(field)}: {_value(field, then)} → {_value(field, now)}"
        )
        for field in fields
        if (then := before.get(field)) != (now := after.get(field))
    )


def _leaves(path: str, value: Any) -> Iterator[tuple[str, object]]:  # noqa: ANN401 - any JSON value, told apart below
    match value:
        case {"value": amount, "unit": unit}:
            yield path, f"{amount:g} {unit}"
        case dict():
            for name, inner in value.items():  # pyright: ignore[reportUnknownVariableType]
                yield from _leaves(f"{path}.{name}" if path else str(name), inner)  # pyright: ignore[reportUnknownArgumentType]
        case [first, *_] if isinstance(first, dict):
            for place, inner in enumerate(value):
                yield from _leaves(f"{path}.{place}", inner)
        case list():
            yield path, ", ".join(str(one) for one in value) or None  # pyright: ignore[reportUnknownArgumentType,reportUnknownVariableType]
        case _:
            yield path, value


_NAMES: Final = (
    (r"phases\.(\d+)\.weeks", "phase {}, weeks"),
    (r"phases\.(\d+)\.timing\.frequency", "phase {}, sessions"),
    (r"phases\.(\d+)\.timing\.period_days", "phase {}, in so many days"),
    (r"phases\.(\d+)\.timing\.weekdays", "phase {}, days of the week"),
    (r"phases\.(\d+)\.timing", "phase {}, how often"),
    (r"phases\.(\d+)\.duration_s", "phase {}, duration of a session"),
    (r"phases\.(\d+)\.dose", "phase {}, dose of a session"),
    (r"phases\.(\d+)", "phase {}"),
    (r"programmes\.(\d+)\.light\.(\d+)\.(.+)", "programme {}, light {}, {}"),
    (r"programmes\.(\d+)\.(.+)", "programme {}, {}"),
    (r"caps\.(\d+)\.window_s", "cap {}, window"),
    (r"caps\.(\d+)\.(.+)", "cap {}, {}"),
    (r"limits\.duration_s", "back-up time"),
    (r"limits\.rest_s", "rest"),
    (r"limits\.skin_grace_s", "time over the limit of skin temperature"),
    (r"limits\.contact_grace_s", "time without contact"),
    (r"limits\.skin_celsius", "limit of skin temperature"),
    (r"limits\.(.+)", "limit of {}"),
    (r"phototypes\.allowed", "phototypes that may be treated so"),
    (r"phototypes\.because", "why these phototypes"),
    (r"most_per_day", "sessions at most in 24 hours"),
    (r"most_per_week", "sessions at most in 7 days"),
    (r"cem43", "thermal dose"),
    (r"cem43\.(.+)_min", "thermal dose, minutes to {}"),
    (r"level", "how strong the device is to be"),
    (r"level\.lowest", "how strong the device is to be, from"),
    (r"level\.highest", "how strong the device is to be, to"),
    (r"(.+)", "{}"),
)


def field_words(field: str) -> str:
    """A field of the written form as people call it: `phases.0.dose` is "Phase 1, dose of a session"."""
    matches = ((words, found) for pattern, words in _NAMES if (found := fullmatch(pattern, field)))
    words, found = next(matches)
    places = [str(int(one) + 1) if one.isdigit() else one.replace(".", " ").replace("_", " ") for one in found.groups()]
    return words.format(*places).capitalize()


def _value(field: str, value: object) -> str:
    """A value as people say it; what is stored in seconds is said in the units that it is typed in."""
    match value:
        case None:
            return "not set"
        case int() | float() if field.endswith("window_s"):
            return window_words(value)
        case int() | float() if field.endswith("_s"):
            return lasting_words(value)
        case float():
            return f"{value:g}"
        case _:
            return str(value)
