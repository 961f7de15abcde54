"""`lumenward up`: the whole service on one machine; `status`: what runs there; `secrets`: those of a composition."""

import json
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from lumenward.environment import load
from lumenward.processes import stop_event
from lumenward.up.place import Place, directory_of, make_secrets
from lumenward.up.settings import UpSettings

Where = Annotated[
    Path | None,
    typer.Argument(help="Where everything is kept; in the user's data directory unless given.", show_default=False),
]

_EMBEDDED = (
    "The embedded broker is for trying things out: any gateway's account may read and write every topic, nothing is"
    " kept over a restart, and it listens on this machine only. Mosquitto has none of these faults."
)


def up(
    directory: Where = None,
    *,
    embedded_broker: Annotated[bool, typer.Option(help="Run without Mosquitto, to try things out.")] = False,
    clinic: Annotated[str, typer.Option(help="At the first run: what people call the clinic.")] = "Clinic",
    zone: Annotated[str, typer.Option(help="At the first run: its time zone.")] = "UTC",
) -> None:
    """Run the broker and all roles of the service on this machine, until Ctrl-C.

    The first run makes the directory, its secrets and the login of the first operator.
    """
    # The service's world is imported here, so that the other commands start without it.
    from lumenward.up.first_login import found_first_clinic  # noqa: PLC0415
    from lumenward.up.running import House, find_mosquitto  # noqa: PLC0415

    console, stop, place = Console(highlight=False), stop_event(), Place(directory_of(directory))
    mosquitto = None if embedded_broker else find_mosquitto()
    place.make()
    with place.taken():
        told = load(UpSettings, place.settings)
        place.configure(told)
        house = House(place=place, told=told, mosquitto=mosquitto)
        os.environ |= house.environment("api")
        password = found_first_clinic(place, clinic, zone)
        if embedded_broker:
            console.print(_EMBEDDED, style="yellow")
        console.print(f"Starting the broker and the service in {place.directory} ...", soft_wrap=True)
        house.run(stop, lambda: _say_up(console, told.http.url, password, place.first_login))
        console.print("Stopped.")


def _say_up(console: Console, url: str, password: str | None, kept_in: Path) -> None:
    """Say where the page is, and once who may log in; a password goes to a terminal, never where a log may be."""
    console.print(f"\n  [bold]{url}[/]\n")
    if password is not None and sys.stdout.isatty():
        console.print(f"  Log in as [bold]operator[/], password [bold]{password}[/]. It is not shown again.\n")
        kept_in.unlink()
    elif password is not None:
        console.print(f"  Log in as operator with the password in {kept_in}, and remove that file.\n", soft_wrap=True)
    console.print("Ctrl-C stops everything.")


def secrets(
    directory: Annotated[Path, typer.Argument(help="Where the secrets are, or will be.")],
) -> None:
    """Make the secrets of a composition (docker-compose.yml), and its broker's accounts; what is there stays."""
    make_secrets(directory)
    Console().print(f"The secrets are in {directory}. Keep a copy of them elsewhere.", markup=False, soft_wrap=True)


def status(
    directory: Where = None, *, as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False
) -> None:
    """Say what runs of the service of `lumenward up`. Ends with 1 unless all of it does."""
    place = Place(directory_of(directory))
    found = place.status() if place.is_taken() else {}
    processes = found.get("processes", [])
    if as_json:
        typer.echo(json.dumps(found or {"pid": None, "processes": []}, indent=2))
    else:
        _show(found, processes)
    if not processes or any(one["pid"] is None for one in processes):
        raise typer.Exit(1)


def _show(found: dict[str, Any], processes: list[dict[str, Any]]) -> None:
    if not found:
        Console().print("Nothing runs there.")
        return
    table = Table("Process", "Id", "Started again", box=None, pad_edge=False)
    for one in processes:
        table.add_row(one["name"], str(one["pid"] or "waits to start"), str(one["started_again"]))
    Console().print(f"{found['page']}, broker {found['broker']}", table, sep="\n")
