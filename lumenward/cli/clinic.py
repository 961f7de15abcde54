"""`lumenward clinic`: what is done on the service's own machine before anybody can log in."""

import os
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from rich.console import Console

from lumenward.environment import load, read_secret
from vocabulary.errors import SettingsError
from vocabulary.identity import ClinicId
from vocabulary.settings import problems_of

app = typer.Typer(help="The clinics of this service.", no_args_is_help=True)


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="What people call it.")],
    *,
    zone: Annotated[str, typer.Option(help="Its time zone, for example Europe/Zurich.")],
    login: Annotated[str, typer.Option(help="How its first operator logs in.")],
    password_file: Annotated[
        Path | None, typer.Option(help="A file with the operator's password; asked for, unless given.")
    ] = None,
    settings: Annotated[
        Path | None, typer.Option(help="The service's TOML file; the environment goes over it.")
    ] = None,
) -> None:
    """Add a clinic, or a maker's laboratory, and the operator who adds everybody else to it."""
    # The service's world is imported here, so that the other commands start without it.
    from pydantic import ValidationError  # noqa: PLC0415

    from monitor_api import app as service  # noqa: PLC0415
    from monitor_api.http.deeds.clinics import NewClinic, found_clinic  # noqa: PLC0415
    from monitor_api.http.errors import Conflict  # noqa: PLC0415
    from monitor_api.http.passwords import Passwords  # noqa: PLC0415
    from monitor_api.settings import ServerSettings  # noqa: PLC0415

    told = load(ServerSettings, settings)
    asked = {"name": name, "zone": zone, "login": login}
    try:
        wanted = NewClinic.model_validate(asked | {"password": _password(password_file)})
    except ValidationError as error:
        raise SettingsError("clinic add", problems_of(error), "Nothing was added.") from None
    stores = service.open_stores(told, os.environ)
    try:
        hashed = Passwords().hash(wanted.password.get_secret_value())
        with stores.database.write() as session:
            clinic = found_clinic(session, wanted, hashed, stores.clocks.civil())
    except Conflict as error:
        raise SettingsError("clinic add", {"login": error.detail}, error.remedy) from None
    finally:
        stores.close()
    Console(highlight=False).print(
        f"{name} is added. {login} can log in, and adds users there. The clinic's id: {clinic}",
        markup=False,
        soft_wrap=True,
    )


@app.command()
def key(
    clinic: Annotated[UUID, typer.Argument(help="The clinic's id: `GET /api/v1/me` of anybody there says it.")],
    *,
    replace: Annotated[
        bool, typer.Option("--replace", help="Make another where there is one; the old one proves on.")
    ] = False,
    settings: Annotated[
        Path | None, typer.Option(help="The service's TOML file; the environment goes over it.")
    ] = None,
) -> None:
    """Make the key that a clinic signs regimens with, in the directory `signing_keys` of the settings."""
    from monitor_api.records.signing import key_file, make_key  # noqa: PLC0415 - as above
    from monitor_api.settings import ServerSettings  # noqa: PLC0415

    directory = load(ServerSettings, settings).signing_keys
    if directory is None:
        problem = {"signing_keys": "is not set"}
        raise SettingsError("clinic key", problem, "Name a directory that only the service may read.")
    file = key_file(directory, ClinicId(clinic))
    if file.exists() and not replace:
        raise SettingsError("clinic key", {"key": f"{file} is there"}, "Nothing was changed; --replace makes another.")
    made = make_key(directory, ClinicId(clinic))
    Console().print(
        f"Key {made} is in {file}. Back it up: without it nothing can be signed.", markup=False, soft_wrap=True
    )


def _password(file: Path | None) -> str:
    if file is not None:
        return read_secret(file)
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
