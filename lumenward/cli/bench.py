"""`lumenward bench`: measure what this machine carries, one figure at a time, or all and the page about them."""

import json
from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress, TaskID
from rich.table import Table
from typer.core import TyperGroup
from typer.main import get_group

from lumenward.bench.context import Bench, Load, Result
from lumenward.bench.report import report
from lumenward.bench.running import Onlooker, commit, machine, run, run_growing, values
from lumenward.processes import stop_event
from vocabulary.errors import SettingsError


class _Late(TyperGroup):
    """Its commands are made when one is asked for: a bench imports all of the product, and other commands do not."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401 - as below
        """The benches, and what runs all."""
        return [*super().list_commands(ctx), *_benches()]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401 - typer keeps its own copy of click, and does not name its types
        """One of them."""
        return super().get_command(ctx, cmd_name) or _benches().get(cmd_name)


app = typer.Typer(cls=_Late, help="Measure what this machine carries.", no_args_is_help=True)

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


def _benches() -> dict[str, Any]:
    from lumenward.bench.table import BENCHES  # noqa: PLC0415 - all of the product

    benches = typer.Typer()
    for bench in BENCHES:
        run_it = _command(bench, bench.load) if bench.load else _command_of_one_size(bench)
        benches.command(bench.name, help=bench.sentence)(run_it)
    return dict(get_group(benches).commands)


@app.command("all")
def measure_all(
    *,
    page: Annotated[Path, typer.Option(help="The page to write.")] = Path("docs/performance.md"),
    as_json: AsJson = False,
) -> None:
    """Every bench at growing loads, and a page that says what was measured and where the time goes."""
    from lumenward.bench.table import BENCHES  # noqa: PLC0415 - all of the product

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
