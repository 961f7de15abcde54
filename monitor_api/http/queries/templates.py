"""Templates of regimens, as they are answered."""

from dataclasses import dataclass

from pydantic import JsonValue

from clinical.regimen.templates import TEMPLATES, Mark, Template
from vocabulary.devices import Modality


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenFigure:
    """A figure of a template: its field, how it is known and from where; `weak`: look it up before relying on it."""

    field: str
    value: JsonValue
    mark: Mark
    weak: bool
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenTemplate:
    """Where a prescription can begin: `document` is its written form, with null in the fields of `to_fill`."""

    name: str
    title: str
    modality: Modality
    document: dict[str, JsonValue]
    to_fill: tuple[str, ...]
    figures: tuple[SeenFigure, ...]


def seen_templates() -> tuple[SeenTemplate, ...]:
    """All of them."""
    return tuple(_seen(one) for one in TEMPLATES)


def _seen(template: Template) -> SeenTemplate:
    return SeenTemplate(
        name=template.name,
        title=template.title,
        modality=template.modality,
        document=template.document(),
        to_fill=template.to_fill,
        figures=tuple(
            SeenFigure(field=one.field, value=one.value, mark=one.mark, weak=one.weak, source=one.source)
            for one in template.figures
        ),
    )
