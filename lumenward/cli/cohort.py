"""`lumenward cohort`: synthetic people, as a file and as counts."""

import json
from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress, track
from rich.table import Table

from lumenward.cli.snapshots import opened

app = typer.Typer(help="Synthetic people and what is done to them; nobody of them is real.", no_args_is_help=True)

People = Annotated[int, typer.Option(help="How many people.", min=1, max=1_000_000)]
Days = Annotated[int, typer.Option(help="For how many days they are looked at.", min=1, max=1000)]
Seed = Annotated[int, typer.Option(help="Which people: the same seed gives the same ones.")]


@app.command()
def make(
    *,
    people: People = 2000,
    days: Days = 90,
    seed: Seed = 1,
    out: Annotated[Path, typer.Option(help="The Parquet file to write.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Write a cohort as a snapshot of session facts."""
    from firmware_bridge.virtual.cohort.span import Cohort  # noqa: PLC0415 - pandas takes a second to import
    from lumenward.replay.cases import cohort_cases  # noqa: PLC0415
    from monitor_api.cohorts.snapshot import write_snapshot  # noqa: PLC0415

    with Progress(console=Console(stderr=True), transient=True) as progress:
        numbers = progress.track(range(people), description=f"{people} people")
        sessions = write_snapshot(out, cohort_cases(Cohort(seed=seed, days=days), numbers))
    if as_json:
        figures = {"people": people, "days": days, "seed": seed, "sessions": sessions, "file": str(out)}
        typer.echo(json.dumps(figures, indent=2))
    else:
        Console(highlight=False).print(f"{out}: {people} people, {sessions} sessions", markup=False)


@app.command()
def snapshot(
    *,
    settings: Annotated[Path, typer.Option(help="The service's TOML file; the environment goes over it.", exists=True)],
    out: Annotated[Path, typer.Option(help="The Parquet file to write.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Write the patients of a service as a snapshot of session facts. It holds health data: keep it as the store is."""
    from lumenward.replay.stored import take_snapshot  # noqa: PLC0415 - pandas takes a second to import

    with Progress(console=Console(stderr=True), transient=True) as progress:
        now, sessions = take_snapshot(settings, out, lambda keys: progress.track(keys, description="patients"))
    if as_json:
        typer.echo(json.dumps({"as_of": now.isoformat(), "sessions": sessions, "file": str(out)}, indent=2))
    else:
        Console(highlight=False).print(f"{out}: {sessions} sessions", markup=False)


@app.command()
def show(
    *,
    people: People = 2000,
    days: Days = 90,
    seed: Seed = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """How many people of each sort there are in a cohort, and what is done to them."""
    from firmware_bridge.virtual.cohort.people import make_person  # noqa: PLC0415
    from firmware_bridge.virtual.cohort.span import Cohort  # noqa: PLC0415

    types, labels, sessions, cohort = Counter[str](), Counter[str](), 0, Cohort(seed=seed, days=days)
    console = Console(stderr=True)
    for index in track(range(people), description=f"{people} people", console=console, transient=True):
        person = make_person(cohort, index)
        types[person.behaviour.value] += 1
        labels.update(label.kind.value for label in person.labels)
        sessions += len(person.sessions)
    figures = {"people": people, "sessions": sessions, "types": dict(types), "labels": dict(labels)}
    if as_json:
        typer.echo(json.dumps(figures, indent=2))
    else:
        _print(figures)


@app.command()
def weekly(
    *,
    snapshot: Annotated[
        Path | None,
        typer.Option(
            help="A snapshot (Parquet), or the one that the service of a TOML file keeps; else synthetic people.",
            exists=True,
        ),
    ] = None,
    people: People = 2000,
    days: Days = 90,
    seed: Seed = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """What part of the sessions that were due was done, in each week of treatment, by everybody together."""
    from firmware_bridge.virtual.cohort.span import Cohort  # noqa: PLC0415 - pandas takes a second to import
    from lumenward.replay.run import CohortSource, SnapshotSource  # noqa: PLC0415
    from lumenward.replay.weeks import weeks_of  # noqa: PLC0415

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("people", total=1.0)

        def advance(part: float) -> None:
            progress.update(task, completed=part)

        if snapshot is None:
            span = Cohort(seed=seed, days=days)
            figures = weeks_of(CohortSource(cohort=span, people=people), span.until_at, advance)
        else:
            with opened(snapshot) as kept:
                figures = kept.told | weeks_of(SnapshotSource(path=kept.file), kept.as_of, advance)
    if as_json:
        typer.echo(json.dumps(figures, indent=2))
    else:
        _print_weeks(figures)


def _print_weeks(figures: dict[str, Any]) -> None:
    console = Console(highlight=False)
    definition = figures["definition"]
    age = f", {figures['age_h']} h old" if "age_h" in figures else ""
    console.print(f"{definition['id']} {definition['version']}: {definition['words']}")
    console.print(f"{figures['people']} people, as of {figures['as_of']}{age}\n")
    table = Table("Week", "Strands", "Due", "Excused", "Taken", "Share", "Proven", "Reached", box=None, pad_edge=False)
    for week in figures["weeks"]:
        table.add_row(
            str(week["week"]),
            str(week["strands"]),
            str(week["due"]),
            str(week["excused"]),
            f"{week['taken_low']} to {week['taken_high']}",
            _share(week["share_low"], week["share_high"]),
            _share(week["coverage"]),
            f"{week['reached_low']} to {week['reached_high']}",
        )
    console.print(table)
    for why, count in figures["left_out"].items():
        console.print(f"\nnot counted: {count}, {why}")


def _share(*ends: float | None) -> str:
    return " to ".join("-" if one is None else f"{one:.0%}" for one in ends)


def _print(figures: dict[str, Any]) -> None:
    console = Console(highlight=False)
    console.print(f"{figures['people']} people, {figures['sessions']} sessions in the store\n")
    for title, counts in (("Type", figures["types"]), ("Done to them", figures["labels"])):
        table = Table(title, "How many", box=None, pad_edge=False)
        for name, count in sorted(counts.items(), key=lambda one: -one[1]):
            table.add_row(name, str(count))
        console.print(table)
        console.print()
