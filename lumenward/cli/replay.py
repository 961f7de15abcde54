"""`lumenward replay`: what the rules would have said over the last weeks, and what a change of them would change."""

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from lumenward.cli.snapshots import opened
from lumenward.processes import stop_event
from vocabulary.errors import SettingsError

if TYPE_CHECKING:
    from lumenward.replay.run import Source
    from lumenward.replay.tally import Tally
    from monitor_api.cohorts.candidate import Candidate


SEED = 1
"""Which people `--cohort` makes; others come from a file that `lumenward cohort make --seed` wrote."""


def replay(
    *,
    cohort: Annotated[int | None, typer.Option(help="Replay so many synthetic people.", min=1)] = None,
    snapshot: Annotated[
        Path | None,
        typer.Option(
            help="Replay a snapshot (Parquet), or the one that the service of a TOML file keeps.", exists=True
        ),
    ] = None,
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
    if snapshot is not None and cohort is None:
        found = _of_snapshot(snapshot, days, candidate)
    elif cohort is not None and snapshot is None:
        found = _of_cohort(cohort, days, candidate)
    else:
        raise typer.BadParameter("say whom: either --cohort N or --snapshot FILE")
    if as_json:
        typer.echo(json.dumps(found, indent=2))
    else:
        _show(found)


def _of_cohort(people: int, days: int, candidate: Path | None) -> dict[str, Any]:
    from firmware_bridge.virtual.cohort.span import Cohort  # noqa: PLC0415 - pandas takes a second to import
    from lumenward.replay.run import CohortSource  # noqa: PLC0415

    span = Cohort(seed=SEED, days=days)
    return _run(CohortSource(cohort=span, people=people), span.until_at, days, candidate)


def _of_snapshot(file: Path, days: int, candidate: Path | None) -> dict[str, Any]:
    """With as of when it is; of a service's own also its age."""
    from lumenward.replay.run import SnapshotSource  # noqa: PLC0415 - as above

    with opened(file) as snapshot:
        return snapshot.told | _run(SnapshotSource(path=snapshot.file), snapshot.as_of, days, candidate)


def _run(source: "Source", until: datetime, days: int, candidate: Path | None) -> dict[str, Any]:
    from lumenward.replay import run  # noqa: PLC0415
    from lumenward.replay.candidates import candidate_in  # noqa: PLC0415
    from lumenward.replay.report import difference, figures  # noqa: PLC0415

    window, other = run.last_days(until, days), candidate_in(candidate) if candidate else None
    asked, stop = run.Replay(source=source, window=window, candidate=other), stop_event()
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(f"{source.count()} people, {days} days", total=1.0)
        outcome = run.run_replay(asked, run.processes_here(), lambda part: progress.update(task, completed=part), stop)
    found = figures(outcome.now, window)
    if other is not None and candidate is not None:
        _check_concerned(other, outcome.candidate, candidate)
        found["candidate"] = figures(outcome.candidate, window) | difference(outcome.candidate)
    return found


def _check_concerned(candidate: "Candidate", found: "Tally", file: Path) -> None:
    """Raise SettingsError where limits are of somebody who was not replayed: no difference would say nothing then."""
    nobody = {
        f"limits.{one}.patient": "nobody replayed has this id" for one, _ in candidate.only if not found.concerned[one]
    }
    if nobody:
        raise SettingsError(str(file), nobody, "Look for it on their page, or in `whom` of a replay.")


def _show(found: dict[str, Any]) -> None:
    console = Console(highlight=False)
    for name, value in found.items():
        if not isinstance(value, (dict, list)):
            console.print(f"{name.replace('_', ' ')}: {value}")
    rules = Table("Rule", "Fired", "Missed", "False", "Undetermined", box=None, pad_edge=False)
    for rule, counts in found["rules"].items():
        rules.add_row(rule, *("-" if count is None else str(count) for count in counts.values()))
    console.print(rules)
    for refused in found.get("candidate", {}).get("not_tried", ()):
        console.print(f"not tried on {refused['people']}, whose regimen cannot have these limits: {refused['because']}")
    for name in ("would_start", "would_stop"):
        for change in found.get("candidate", {}).get(name, ()):
            console.print(f"{name.replace('_', ' ')}: {change['alerts']} {change['severity']} of {change['rule']}")
