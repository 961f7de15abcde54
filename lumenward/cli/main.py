"""`lumenward`: one command a role, and what a person needs around them.

Exit codes: 0 done; 1 it failed, and standard error says why; 2 the command or the settings are wrong;
130 somebody stopped it before it was done.
"""

import sys
from typing import Final

import typer
from rich.console import Console

from lumenward.cli import clinic, demo, devices, doctor, gateway, server
from lumenward.errors import Interrupted
from vocabulary.errors import LumenwardError, SettingsError

FAILED: Final = 1
WRONG: Final = 2
INTERRUPTED: Final = 130

app = typer.Typer(
    name="lumenward",
    help="Remote monitoring for LED masks and radiofrequency devices used at home.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command("demo")(demo.demo)
app.command("server")(server.server)
app.add_typer(clinic.app, name="clinic")
app.add_typer(gateway.app, name="gateway")
app.command("devices")(devices.devices)
app.command("doctor")(doctor.doctor)


def main() -> None:
    """Run the command line, and end with an exit code that means something."""
    complaint = Console(stderr=True, highlight=False)
    try:
        app(standalone_mode=True)
    except SettingsError as error:
        complaint.print(str(error), style="red", markup=False, soft_wrap=True)
        sys.exit(WRONG)
    except Interrupted:
        sys.exit(INTERRUPTED)
    except LumenwardError as error:
        complaint.print(str(error), style="red", markup=False, soft_wrap=True)
        sys.exit(FAILED)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
