"""`lumenward gateway`: the home side in this process; `enrol` gives it a key and registers that with a clinic."""

import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from lumenward.enrolment import BrokerAddress, prepare, register
from lumenward.environment import load, read_secret
from lumenward.processes import run_until_stopped, say_ready, write_log
from vocabulary.identity import gateway_id

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
    token_file: Annotated[Path, typer.Option(help="A file with a bearer token of an operator.")],
    broker: Annotated[
        str, typer.Option(help="The uplink broker: mqtts://HOST[:PORT], or mqtt:// for one without TLS.")
    ],
    settings: Annotated[Path, typer.Option(help="Where the gateway's settings are, or will be.")] = Path(
        "gateway.toml"
    ),
) -> None:
    """Make a gateway's key, write its settings, and register it with the token's clinic.

    The settings are written first and stay: the same command, given again, registers the same key.
    """
    token = read_secret(token_file)
    enrolment = prepare(settings, gateway_id(name), BrokerAddress.parse(broker))
    register(server, token, enrolment)
    Console().print(
        f"Gateway {name} is registered. Its settings are in {settings}; set LUMENWARD_GATEWAY_UPLINK__PASSWORD (or"
        f" ..._FILE) to its password at the broker, then: lumenward gateway --settings {settings}",
        markup=False,
        soft_wrap=True,
    )


@app.command()
def account(
    name: Annotated[str, typer.Argument(help="The gateway's id.")],
    directory: Annotated[Path, typer.Argument(help="The directory of `lumenward up`, or of `lumenward secrets`.")],
) -> None:
    """Give a gateway an account at the service's broker, with its own topics and no others; what is there stays.

    A Mosquitto that `lumenward up` runs knows it at once.
    """
    from lumenward.up.place import Place  # noqa: PLC0415 - the other side's, and only for this command
    from lumenward.up.running import reload_broker  # noqa: PLC0415

    place = Place(directory)
    password = place.accounts.add(gateway_id(name))
    known = "knows it now" if reload_broker(place) else "knows it when it is told (SIGHUP) or started"
    Console().print(
        f"{name} has an account, its password is in {password}; the broker {known}.", markup=False, soft_wrap=True
    )
