"""`lumenward gateway`: the home side in this process; `enrol` gives it a key and registers that with a clinic."""

import os
import secrets
from base64 import b64encode
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from lumenward.enrolment import BrokerAddress, Enrolment, register, write_settings
from lumenward.environment import load
from lumenward.processes import run_until_stopped, say_ready, write_log
from vocabulary.identity import gateway_id
from vocabulary.wire.keys import KEY_BYTES

app = typer.Typer(help="The home side: run a gateway, or enrol one with a clinic.", invoke_without_command=True)


@app.callback()
def gateway(
    context: typer.Context,
    settings: Annotated[Path | None, typer.Option(help="A TOML file; the environment goes over it.")] = None,
) -> None:
    """Run the gateway of a home until it is asked to stop."""
    if context.invoked_subcommand is not None:
        return
    # The home's world is imported here, so that the other commands start without it.
    from gateway.__main__ import run_home  # noqa: PLC0415
    from gateway.settings import GatewaySettings  # noqa: PLC0415

    write_log()
    run_until_stopped(run_home(load(GatewaySettings, settings), os.environ, say_ready))


@app.command()
def enrol(
    name: Annotated[str, typer.Argument(help="The gateway's id: 1 to 40 of a-z, 0-9 and '-'.")],
    *,
    server: Annotated[str, typer.Option(help="The service, for example https://clinic.example.org")],
    token_file: Annotated[Path, typer.Option(help="A file with a bearer token of an operator.", exists=True)],
    broker: Annotated[str, typer.Option(help="The uplink broker, HOST or HOST:PORT.")],
    settings: Annotated[Path, typer.Option(help="Where to write the gateway's settings.")] = Path("gateway.toml"),
) -> None:
    """Make a gateway's key, register it with the token's clinic, and write the gateway's settings."""
    enrolment = Enrolment(gateway=gateway_id(name), key_id=1, key=b64encode(secrets.token_bytes(KEY_BYTES)).decode())
    write_settings(settings, enrolment, BrokerAddress.parse(broker))
    try:
        register(server, token_file.read_text().strip(), enrolment)
    except BaseException:
        settings.unlink()
        raise
    Console().print(
        f"Gateway {name} is registered. Its settings are in {settings}; set LUMENWARD_GATEWAY_UPLINK__PASSWORD (or"
        f" ..._FILE) to its password at the broker, then: lumenward gateway --settings {settings}",
        markup=False,
    )
