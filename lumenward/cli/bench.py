"""`lumenward bench`: measure what this machine carries, one figure at a time, or all and the page about them."""

import json
from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress, TaskID
from rich.table import Table

from lumenward.bench.context import Bench, Load, Result
from lumenward.bench.report import report
from lumenward.bench.running import Onlooker, commit, machine, run, run_growing, values
from lumenward.bench.table import BENCHES
from lumenward.processes import stop_event
from vocabulary.errors import SettingsError

app = typer.Typer(help="Measure what this machine carries.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object a bench, a line each.")]


def _command(bench: Bench, load: Load) -> Callable[..., None]:
    option = typer.Option(f"--{load.word}", min=1, help=f"How many {load.word}.")

    def measure(*, size: Annotated[int, option] = load.usual, as_json: AsJson = False) -> None:
        _measure(bench, size, as_json=as_json)

    return measure


def _command_of_one_size(bench: Bench) -> Callable[..., None]:
    def measure(*, as_json: AsJson = False) -> None:
        _measure(bench, 1, as_json=as_json)

    return measure


for _bench in BENCHES:
    _run = _command(_bench, _bench.load) if _bench.load else _command_of_one_size(_bench)
    app.command(_bench.name, help=_bench.sentence)(_run)


@app.command("all")
def measure_all(
    *,
    page: Annotated[Path, typer.Option(help="The page to write.")] = Path("docs/performance.md"),
    as_json: AsJson = False,
) -> None:
    """Every bench at growing loads, and a page that says what was measured and where the time goes."""
    if not page.parent.is_dir():
        raise SettingsError("bench all", {"page": f"there is no directory {page.parent}"}, "Make it, or give --page.")
    results: list[tuple[Bench, list[Result]]] = []
    for bench in BENCHES:
        with _watched(bench) as onlooker:
            grown = run_growing(bench, onlooker)
        _show(bench, grown[-1], as_json=as_json)
        results.append((bench, grown))
    page.write_text(report(results, commit(), machine()))


def _measure(bench: Bench, size: int, *, as_json: bool) -> None:
    with _watched(bench) as onlooker:
        result = run(bench, size, onlooker)
    _show(bench, result, as_json=as_json)


@contextmanager
def _watched(bench: Bench) -> Generator[Onlooker]:
    """Show how far a bench is, and why figures are missing, on standard error."""
    complaint = Console(stderr=True, highlight=False)
    with Progress(console=complaint, transient=True) as progress:
        task = progress.add_task(bench.name, total=1.0)
        warn = partial(complaint.print, style="yellow", markup=False, soft_wrap=True)
        yield Onlooker(partial(_move, progress, task), warn, stop_event())


def _move(progress: Progress, task: TaskID, part: float) -> None:
    progress.update(task, completed=part)


def _show(bench: Bench, result: Result, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(values(bench, result)))
        return
    table = Table("Figure", "What it is", "Bound", "Measured", box=None, pad_edge=False)
    for figure in bench.figures:
        value = result.figures.get(figure.name)
        table.add_row(figure.name, figure.means, figure.bound, "not here" if value is None else f"{value:,.5g}")
    Console().print(table)
