"""`lumenward store`: prepare InfluxDB for the samples, and move them from one store to another."""

import json
import os
import re
from contextlib import closing
from dataclasses import asdict
from datetime import timedelta
from enum import StrEnum
from functools import partial
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from lumenward.environment import load, read_secret
from vocabulary.errors import SettingsError

app = typer.Typer(help="Where the samples of sessions are kept.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


class Kind(StrEnum):
    """A telemetry store."""

    SQLITE = "sqlite"
    INFLUXDB = "influxdb"


@app.command()
def init(
    where: Annotated[str, typer.Argument(help="What to use: https://influx.example.org:8086/ORGANISATION/BUCKET")],
    *,
    operator_token_file: Annotated[Path, typer.Option(help="A file with the token of an operator of InfluxDB.")],
    token_file: Annotated[Path, typer.Option(help="Where to write the token that the service gets.")],
    retention_days: Annotated[
        int | None, typer.Option(min=30, help="How long samples are kept; a new bucket keeps them for ever.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make the organisation, the buckets, the task that makes means of each minute, and a token for the bucket alone.

    What is there already stays. Giving the command again changes nothing.
    """
    # InfluxDB's world is imported here, so that the other commands start without it.
    from monitor_api.telemetry.influx_setup import Plan, set_up  # noqa: PLC0415

    url, org, bucket = _parse(where)
    retention = None if retention_days is None else timedelta(days=retention_days)
    prepared = set_up(url, read_secret(operator_token_file), Plan(org=org, bucket=bucket, retention=retention))
    _write_secret(token_file, prepared.token)
    if as_json:
        found = {"url": url, "org": org, "bucket": bucket, "token_file": str(token_file), "made": prepared.made}
        typer.echo(json.dumps(found, indent=2))
        return
    say = partial(Console(highlight=False).print, markup=False, soft_wrap=True)
    say("\n".join(f"made: {what}" for what in prepared.made) or "All was there.")
    say(f'\nFor the service\'s settings:\n\n[telemetry]\nurl = "{url}"\norg = "{org}"\nbucket = "{bucket}"')
    say(f"\nand in its environment: LUMENWARD_SERVER_TELEMETRY__TOKEN_FILE={token_file}")


def _parse(where: str) -> tuple[str, str, str]:
    """URL, organisation and bucket. Raises SettingsError."""
    found = re.fullmatch(r"(https?://[^\s/]+)/([\w .@-]+)/([\w .@-]+)", where)
    if found is None:
        remedy = "Write it as http://HOST:8086/ORGANISATION/BUCKET; names are of letters, digits, and . _ @ -"
        raise SettingsError("store init", {"where": f"{where!r} names no bucket of a server"}, remedy)
    url, org, bucket = found.groups()
    return url, org, bucket


def _write_secret(path: Path, secret: str) -> None:
    """Write a file that its owner alone reads; one that holds something else is left alone. Raises SettingsError."""
    if path.exists() and read_secret(path) != secret:
        raise SettingsError(str(path), {"file": "holds something else"}, "Name another file with --token-file.")
    try:
        with NamedTemporaryFile("w", dir=path.parent, delete=False) as file:
            file.write(secret + "\n")
        Path(file.name).replace(path)
    except OSError as error:
        raise SettingsError(str(path), {"file": str(error)}, "Check the path and who may write it.") from error


@app.command()
def copy(
    *,
    source: Annotated[Kind, typer.Option("--from", help="The store to read.")],
    target: Annotated[Kind, typer.Option("--to", help="The store to write.")],
    settings: Annotated[
        Path | None, typer.Option(help="The service's TOML file; the environment goes over it.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Copy the samples of all sessions, and read every session back from both stores.

    `sqlite` is the file in the data directory, `influxdb` what `telemetry` in the settings names. Stop all roles
    first. When it is stopped on the way, give the same command again. Ends with 1 at the first difference.
    """
    # The service's world is imported here, so that the other commands start without it.
    from monitor_api import app as service  # noqa: PLC0415
    from monitor_api.sessions.copying import copy_telemetry  # noqa: PLC0415
    from monitor_api.settings import ServerSettings  # noqa: PLC0415

    told = load(ServerSettings, settings)
    if source is target or told.telemetry is None:
        problem = {"telemetry": "is missing"} if told.telemetry is None else {"--to": "is the store that is read"}
        raise SettingsError("store copy", problem, "It copies between sqlite and influxdb, which `telemetry` names.")
    embedded = told.model_copy(update={"telemetry": None})
    by_kind = {Kind.SQLITE: embedded, Kind.INFLUXDB: told}
    with (
        closing(service.open_stores(by_kind[source], os.environ)) as stores,
        closing(service.open_telemetry(by_kind[target])) as written,
        Progress(console=Console(stderr=True), transient=True) as progress,
    ):
        task = progress.add_task("copying", total=1.0)
        copied = copy_telemetry(
            stores.telemetry, written, stores.database, lambda part: progress.update(task, completed=part)
        )
    if as_json:
        typer.echo(json.dumps(asdict(copied), indent=2))
        return
    words = f"{copied.sessions} sessions with {copied.samples} samples read the same from both stores."
    if copied.unknown:
        words += f" {copied.unknown} were left out: no record names them, and their batches come again."
    Console(highlight=False).print(words, markup=False)
