"""`lumenward doctor`: what is missing or wrong on this machine, and what to do about it."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from lumenward.checkup import Finding

_SIGNS: Final = {"ok": "[green]✓ ok[/]", "missing": "[yellow]◆ missing[/]", "wrong": "[red]▲ wrong[/]"}


def doctor(
    *,
    data: Annotated[Path, typer.Option(help="Where data is, or will be, kept.")] = Path(),
    broker: Annotated[str, typer.Option(help="A broker to try.")] = "mqtt://127.0.0.1:1883",
    port: Annotated[int, typer.Option(help="The port that the API would listen on.")] = 8080,
    settings: Annotated[Path | None, typer.Option(help="The service's TOML file, for its stores.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say what is missing or wrong here. Ends with 1 when something is wrong; what is merely missing is no failure."""
    from lumenward.checkup import State, check_up  # noqa: PLC0415 - the service's world, only for this command

    findings = check_up(data, broker, port, settings)
    if as_json:
        typer.echo(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        _show(findings)
    if any(finding.state is State.WRONG for finding in findings):
        raise typer.Exit(1)


def _show(findings: "list[Finding]") -> None:
    table = Table("", "What", "Found", "What to do", box=None, pad_edge=False)
    for finding in findings:
        table.add_row(_SIGNS[finding.state], finding.what, finding.found, finding.remedy)
    Console().print(table)
