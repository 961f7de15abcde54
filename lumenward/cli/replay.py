"""`lumenward replay`: what the rules would have said over the last weeks, and what a change of them would change."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from lumenward.processes import stop_event

if TYPE_CHECKING:
    from lumenward.replay.run import Source
    from monitor_api.cohorts.replay import Window


SEED = 1
"""Which people `--cohort` makes; others come from a file that `lumenward cohort make --seed` wrote."""


def replay(
    *,
    cohort: Annotated[int | None, typer.Option(help="Replay so many synthetic people.", min=1)] = None,
    snapshot: Annotated[Path | None, typer.Option(help="Replay a snapshot (Parquet).", exists=True)] = None,
    days: Annotated[int, typer.Option(help="Over how many days.", min=7, max=1000)] = 90,
    candidate: Annotated[
        Path | None,
        typer.Option(help="A TOML file of rules left out and limits changed, to run beside.", exists=True),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Hold the last weeks against the rules: who would be called, how often, and what would be missed.

    The days end with the newest fact. With --candidate, also what would differ under other rules or limits. Nobody
    is alerted.
    """
    from lumenward.replay import run  # noqa: PLC0415 - pandas takes a second to import
    from lumenward.replay.candidates import read_candidate  # noqa: PLC0415
    from lumenward.replay.report import difference, figures  # noqa: PLC0415

    if (cohort is None) == (snapshot is None):
        raise typer.BadParameter("say whom: either --cohort N or --snapshot FILE")
    source, window = _whom(cohort, snapshot, days)
    other = read_candidate(candidate) if candidate else None
    asked, stop = run.Replay(source=source, window=window, candidate=other), stop_event()
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(f"{source.count()} people, {days} days", total=1.0)
        outcome = run.run_replay(asked, run.processes_here(), lambda part: progress.update(task, completed=part), stop)
    found = figures(outcome.now, window)
    if other is not None:
        found["candidate"] = figures(outcome.candidate, window) | difference(outcome.candidate)
    if as_json:
        typer.echo(json.dumps(found, indent=2))
    else:
        _show(found)


def _whom(cohort: int | None, snapshot: Path | None, days: int) -> "tuple[Source, Window]":
    from firmware_bridge.virtual.cohort.span import Cohort  # noqa: PLC0415
    from lumenward.replay.run import CohortSource, SnapshotSource, last_days  # noqa: PLC0415

    if cohort is not None:
        span = Cohort(seed=SEED, days=days)
        return CohortSource(cohort=span, people=cohort), last_days(span.until_at, days)
    source = SnapshotSource(path=snapshot or Path())
    return source, last_days(source.newest(), days)


def _show(found: dict[str, Any]) -> None:
    console = Console(highlight=False)
    for name, value in found.items():
        if not isinstance(value, (dict, list)):
            console.print(f"{name.replace('_', ' ')}: {value}")
    rules = Table("Rule", "Fired", "Missed", "False", "Undetermined", box=None, pad_edge=False)
    for rule, counts in found["rules"].items():
        rules.add_row(rule, *(str(count) for count in counts.values()))
    console.print(rules)
    for name in ("would_start", "would_stop"):
        for change in found.get("candidate", {}).get(name, ()):
            console.print(f"{name.replace('_', ' ')}: {change['alerts']} {change['severity']} of {change['rule']}")
