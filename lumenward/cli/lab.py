"""`lumenward lab`: named faults with a seed, done to the processes that ship."""

import json
import logging
from functools import partial
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress, TaskID
from rich.table import Table

from lumenward.processes import stop_event

app = typer.Typer(help="Do named faults to the whole line, and see that nothing is lost.", no_args_is_help=True)


@app.command("list")
def list_scenarios(*, as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False) -> None:
    """The scenarios, and what is done in each."""
    from lumenward.lab.scenarios import SCENARIOS  # noqa: PLC0415 - needs the extra "virtual"

    sentences = {one.name: one.sentence for one in SCENARIOS.values()}
    if as_json:
        typer.echo(json.dumps(sentences, indent=2))
        return
    table = Table("Scenario", "What is done", box=None, pad_edge=False)
    for name, sentence in sentences.items():
        table.add_row(name, sentence)
    Console().print(table)


@app.command("run")
def run(
    name: Annotated[str, typer.Argument(help="A scenario, as `lumenward lab list` names them, or all of them: all.")],
    *,
    seed: Annotated[int, typer.Option(help="When and how exactly each fault falls.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a scenario, a line each.")] = False,
) -> None:
    """Run a scenario in about a minute; it ends with 0 when all is as it must be, else with 1."""
    from lumenward.lab.run import Onlooker, run_scenario  # noqa: PLC0415 - needs the extra "virtual"
    from lumenward.lab.scenarios import SCENARIOS  # noqa: PLC0415

    logging.getLogger("alembic").setLevel(logging.WARNING)
    if name != "all" and name not in SCENARIOS:
        raise typer.BadParameter(f"there is no scenario {name!r}; `lumenward lab list` names them")
    chosen, stop, held = (list(SCENARIOS) if name == "all" else [name]), stop_event(), True
    for each in chosen:
        with Progress(console=Console(stderr=True), transient=True) as progress:
            task = progress.add_task(each, total=1.0)
            onlooker = Onlooker(partial(_show, progress, task), stop)
            finding = run_scenario(SCENARIOS[each], seed, onlooker)
        held = held and finding.holds
        if as_json:
            typer.echo(json.dumps(finding.figures()))
        else:
            words = "holds" if finding.holds else "\n  ".join(("does not hold:", *finding.problems))
            Console(highlight=False).print(f"{each} (seed {seed}) {words}", markup=False)
    if not held:
        raise typer.Exit(1)


def _show(progress: Progress, task: TaskID, part: float) -> None:
    progress.update(task, completed=part)
