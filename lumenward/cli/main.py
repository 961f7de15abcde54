"""`lumenward`: one command a role, and what a person needs around them.

Exit codes: 0 done; 1 it failed, and standard error says why; 2 the command or the settings are wrong;
3 this machine cannot do it; 130 somebody stopped it before it was done.
"""

import sys
from collections.abc import Iterator
from typing import Final, cast

import typer
from rich.console import Console

from lumenward.cli import (
    bench,
    clinic,
    cohort,
    demo,
    devices,
    doctor,
    gateway,
    lab,
    regimen,
    replay,
    server,
    shadows,
    store,
    up,
)
from lumenward.errors import Interrupted, NotHere
from lumenward.processes import end_with_supervisor
from vocabulary.errors import LumenwardError, SettingsError

FAILED: Final = 1
WRONG: Final = 2
NOT_HERE: Final = 3
INTERRUPTED: Final = 130

app = typer.Typer(
    name="lumenward",
    help="Remote monitoring for LED masks and radiofrequency devices used at home.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command("demo")(demo.demo)
app.command("up")(up.up)
app.command("status")(up.status)
app.command("secrets")(up.secrets)
app.command("server")(server.server)
app.add_typer(clinic.app, name="clinic")
app.add_typer(regimen.app, name="regimen")
app.add_typer(gateway.app, name="gateway")
app.add_typer(store.app, name="store")
app.command("devices")(devices.devices)
app.command("doctor")(doctor.doctor)
app.add_typer(lab.app, name="lab")
app.add_typer(cohort.app, name="cohort")
app.command("replay")(replay.replay)
app.command("shadows")(shadows.shadows)
app.add_typer(bench.app, name="bench")


def main() -> None:
    """Run the command line, and end with an exit code that means something."""
    end_with_supervisor()
    try:
        app(standalone_mode=True)
    except (LumenwardError, ExceptionGroup) as error:
        sys.exit(end(error, Console(stderr=True, highlight=False)))
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def end(error: Exception, complaint: Console) -> int:
    """Say what went wrong, and give the exit code. Raises the error when it is, or holds, a fault of ours."""
    causes = tuple(_causes(error))
    for cause in causes:
        if not isinstance(cause, LumenwardError):
            raise error
        if not isinstance(cause, Interrupted):
            complaint.print(str(cause), style="red", markup=False, soft_wrap=True)
    return max(_exit_code(cause) for cause in causes)


def _causes(error: Exception) -> Iterator[Exception]:
    """What went wrong in each of the parts that ran side by side."""
    if isinstance(error, ExceptionGroup):
        for part in cast("ExceptionGroup[Exception]", error).exceptions:
            yield from _causes(part)
    else:
        yield error


def _exit_code(cause: Exception) -> int:
    match cause:
        case Interrupted():
            return INTERRUPTED
        case SettingsError():
            return WRONG
        case NotHere():
            return NOT_HERE
        case _:
            return FAILED
