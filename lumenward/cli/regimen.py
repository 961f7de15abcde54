"""`lumenward regimen`: look at templates and written regimens, compare them, and check them before anybody signs."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from clinical.errors import RegimenRefused
from clinical.regimen import Prescription
from clinical.regimen.changes import changes
from clinical.regimen.checks import reasons_against
from clinical.regimen.fhir import from_fhir, to_fhir, write_repeat
from clinical.regimen.templates import TEMPLATES, Template
from clinical.regimen.wording import lasting_words, lasts_words, phase_words, timing_words
from clinical.regimen.written import write
from vocabulary.devices import Modality
from vocabulary.errors import SettingsError
from vocabulary.settings import problems_of

app = typer.Typer(help="Regimens as they are written: templates, checks, differences.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
RegimenFile = Annotated[Path, typer.Argument(help="A regimen in JSON, as the API takes it, with its modality.")]


@app.command("templates")
def list_templates(*, as_json: AsJson = False) -> None:
    """Where a prescription can begin: published figures with their sources, and what is to be filled in."""
    if as_json:
        typer.echo(json.dumps({one.name: _template(one) for one in TEMPLATES}, indent=2, ensure_ascii=False))
        return
    table = Table("Template", "What it is", "To fill in", "Weak figures", box=None, pad_edge=False)
    for one in TEMPLATES:
        weak = ", ".join(figure.field for figure in one.figures if figure.weak)
        table.add_row(one.name, one.title, ", ".join(one.to_fill), weak)
    Console().print(table)


@app.command("show")
def show(file: RegimenFile, *, as_json: AsJson = False) -> None:
    """A regimen in words; with --json also as FHIR Timings."""
    prescription = _read(file)
    if as_json:
        told = {"modality": prescription.modality, **write(prescription)}
        typer.echo(json.dumps(told | {"fhir": [to_fhir(one) for one in prescription.phases]}, indent=2))
        return
    for number, phase in enumerate(prescription.phases, start=1):
        minutes = phase.duration.total_seconds() / 60
        often, dose = f"{timing_words(phase.timing)}, {phase_words(phase)}", phase.dose
        typer.echo(f"Phase {number}: {often}: {minutes:g} min, {dose.value:g} {dose.unit}")


@app.command("diff")
def diff(old: RegimenFile, new: RegimenFile, *, as_json: AsJson = False) -> None:
    """What changed from one regimen to another, field by field."""
    found = changes(_read(old), _read(new))
    if as_json:
        fields = {one.field: {"old": one.old, "new": one.new, "words": one.words} for one in found}
        typer.echo(json.dumps(fields, indent=2, ensure_ascii=False))
        return
    for one in found:
        typer.echo(one.words)
    if not found:
        typer.echo("They say the same.")


@app.command("check")
def check(file: RegimenFile, *, as_json: AsJson = False) -> None:
    """Whether a regimen could be signed; every reason why not, by its field. Ends with 1 when it could not."""
    reasons = reasons_against(_read(file))
    if as_json:
        typer.echo(json.dumps({"sound": not reasons, "reasons": reasons}, indent=2, ensure_ascii=False))
    elif not reasons:
        typer.echo(f"{file} agrees with itself.")
    if reasons and as_json:
        raise typer.Exit(1)
    if reasons:
        raise RegimenRefused(reasons)


@app.command("from-fhir")
def read_timing(
    file: Annotated[Path, typer.Argument(help="A FHIR R4 Timing in JSON: `repeat` and nothing else.")],
    *,
    as_json: AsJson = False,
) -> None:
    """What a FHIR Timing says of a phase, in words; with --json as a regimen takes it, all but the dose."""
    remedy = "A FHIR R4 Timing in JSON is expected, as `regimen show --json` gives."
    try:
        repeat = from_fhir(json.loads(file.read_text()))
    except RegimenRefused as refused:
        raise SettingsError(str(file), refused.reasons, remedy) from None
    except (OSError, ValueError, RecursionError) as error:
        raise SettingsError(str(file), {"file": str(error)}, remedy) from None
    if as_json:
        typer.echo(json.dumps(write_repeat(repeat), indent=2))
        return
    often, lasts = timing_words(repeat.timing), lasts_words(repeat.lasts)
    typer.echo(f"{often}, {lasts}: {lasting_words(repeat.duration.total_seconds())}")


def _read(file: Path) -> Prescription:
    """Raises SettingsError with every field that cannot be read."""
    from pydantic import ValidationError  # noqa: PLC0415 - the service's world takes long to import

    from monitor_api.http.prescriptions import PrescriptionBody  # noqa: PLC0415

    remedy = "docs/guides/physician.md says how a regimen is written."
    try:
        said: Any = json.loads(file.read_text())
        if not isinstance(said, dict):
            raise SettingsError(str(file), {"regimen": "expected an object"}, remedy)
        modality = Modality(said.pop("modality", None))  # pyright: ignore[reportUnknownMemberType]
        return PrescriptionBody.model_validate(said).prescription(modality)
    except ValidationError as error:
        raise SettingsError(str(file), problems_of(error), remedy) from None
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise SettingsError(str(file), {"file": str(error)}, remedy) from None
    except ValueError:
        kinds = ", ".join(Modality)
        raise SettingsError(str(file), {"modality": f"expected one of {kinds}"}, remedy) from None


def _template(one: Template) -> dict[str, Any]:
    figures = [
        {"field": each.field, "value": each.value, "mark": each.mark, "weak": each.weak, "source": each.source}
        for each in one.figures
    ]
    return {
        "title": one.title,
        "modality": one.modality,
        "document": one.document(),
        "to_fill": one.to_fill,
        "figures": figures,
    }
