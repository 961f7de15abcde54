"""`lumenward demo`: the whole line on this machine, with virtual devices, and nothing to install."""

import json
import logging
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from lumenward.errors import Interrupted
from lumenward.processes import stop_event

LOOK_S = 0.2


def demo(
    *,
    headless: Annotated[bool, typer.Option(help="Run the scenario without a page, and judge what came of it.")] = False,
    seed: Annotated[int, typer.Option(help="What chance does: how sensors, skins and batteries vary.")] = 1,
    port: Annotated[int, typer.Option(help="Where the page is, on this machine only.", min=1, max=65535)] = 8080,
    as_json: Annotated[bool, typer.Option("--json", help="With --headless: print one JSON object.")] = False,
) -> None:
    """Three homes with virtual masks and RF devices, their gateways, a broker, the service, and its page.

    With --headless it ends by itself within a minute: with 0 when every record, sample and alert is where it must
    be, else with 1.
    """
    logging.getLogger("alembic").setLevel(logging.WARNING)
    if headless:
        _headless(seed, as_json=as_json)
    else:
        _page(seed, port)


def _headless(seed: int, *, as_json: bool) -> None:
    from lumenward.demo.run import run_headless  # noqa: PLC0415 - the demo's world, which needs the extra "virtual"

    stop = stop_event()
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("Three homes, ten devices, half a minute", total=1.0)
        verdict = run_headless(seed, lambda fraction: progress.update(task, completed=fraction), stop)
    figures = verdict.figures()
    if as_json:
        typer.echo(json.dumps(figures, indent=2))
    else:
        _show(figures)
    if verdict.problems:
        raise typer.Exit(1)


def _show(figures: dict[str, Any]) -> None:
    console = Console()
    table = Table("Alert", "Device", "Session", "Severity", "Seconds", box=None, pad_edge=False)
    for alert in figures.pop("alerts"):
        table.add_row(alert["rule"], alert["device"], str(alert["session"]), alert["severity"], str(alert["seconds"]))
    problems = figures.pop("problems")
    console.print(*(f"{name.replace('_', ' ')}: {value}" for name, value in figures.items()), sep="\n")
    console.print(table)
    console.print("All is where it must be." if not problems else "\n".join(problems), markup=False)


def _page(seed: int, port: int) -> None:
    from lumenward.demo.open_house import LEAD, OPEN_HOUSE, RATE  # noqa: PLC0415 - needs the extra "virtual"
    from lumenward.demo.people import LOGINS  # noqa: PLC0415
    from lumenward.demo.run import PAGE, ROLES, running  # noqa: PLC0415
    from lumenward.demo.world import Plan, World  # noqa: PLC0415

    plan = Plan(homes=OPEN_HOUSE, seed=seed, http_port=port, roles=(PAGE, *ROLES), rate=RATE, lead=LEAD)
    console, stop, greeted = Console(highlight=False), stop_event(), Event()

    def greet(world: World, password: str) -> None:
        console.print(f"\n  [bold]{world.url}[/]\n")
        for login in LOGINS:
            console.print(f"  {login.role:<10} log in as [bold]{login.login}[/], password [bold]{password}[/]")
        console.print(f"\nIt runs {RATE:.0f} times as fast as life until it meets the present, in a minute and a half.")
        console.print("Nothing here is a real person's. Ctrl-C ends it and leaves nothing behind.")
        greeted.set()

    console.print("Starting three homes, a broker and the service ...")
    try:
        with TemporaryDirectory(prefix="lumenward-") as directory, running(Path(directory), plan, stop, greet) as demo:
            while not stop.wait(LOOK_S):
                demo.supervisor.look()
            console.print("Stopping ...")
    except Interrupted:
        if not greeted.is_set():
            raise
