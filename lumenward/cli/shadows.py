"""`lumenward shadows`: the candidates in the shadow of a service, and what they would have called so far."""

import json
import os
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from lumenward.environment import load


def shadows(
    *,
    settings: Annotated[
        Path | None, typer.Option(help="The service's TOML file; the environment goes over it.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Candidates in the shadow of what holds, in every clinic of a service, with what they would have called.

    Physicians start and end them, on their page or over the API.
    """
    found = _found(settings)
    if as_json:
        typer.echo(json.dumps({"shadows": found}, indent=2))
    elif not found:
        Console().print("No candidate is in the shadow, and none has been.")
    else:
        for one in found:
            _show(one)


def _found(settings: Path | None) -> list[dict[str, Any]]:
    # The service's world is imported here, so that the other commands start without it.
    from pydantic import TypeAdapter  # noqa: PLC0415

    from monitor_api import app as service  # noqa: PLC0415
    from monitor_api.http.queries.shadows import ShadowDetail, all_shadows  # noqa: PLC0415
    from monitor_api.settings import ServerSettings  # noqa: PLC0415

    stores = service.open_stores(load(ServerSettings, settings), os.environ)
    try:
        with stores.database.read() as session:
            found = all_shadows(session, stores.clocks.civil())
    finally:
        stores.close()
    plain = TypeAdapter(ShadowDetail)
    return [{"clinic": clinic} | plain.dump_python(detail, mode="json") for clinic, detail in found]


def _show(one: dict[str, Any]) -> None:
    console, shadow = Console(highlight=False), one["shadow"]
    state = f"ended {shadow['ended_at']}" if shadow["ended_at"] else f"runs until {shadow['until_at']} at most"
    console.print(f"{one['clinic']}: {shadow['because']} ({shadow['id']})", markup=False)
    console.print(f"  from {shadow['from_at']}, {state}")
    console.print(f"  {json.dumps(shadow['candidate'])}", markup=False, soft_wrap=True)
    if shadow["problem"]:
        console.print(f"  nobody can be judged by it: {shadow['problem']}", markup=False)
    judged = one["oldest_judged_at"] or "never"
    console.print(f"  {one['sessions']} sessions of {one['patients']} patients, {one['waiting']} wait, oldest {judged}")
    for refused in one["not_tried"]:
        console.print(f"  not tried on {refused['patients']}: {refused['because']}", markup=False)
    table = Table("Rule", "Severity", "Would start", "Would stop", "Would stay", box=None, pad_edge=False)
    for rule in one["rules"]:
        table.add_row(
            rule["rule"], rule["severity"], *(str(rule[f"would_{side}"]) for side in ("start", "stop", "stay"))
        )
    if one["rules"]:
        console.print(table)
