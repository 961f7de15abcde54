"""`lumenward bench`, by name only: what it measures is the whole product, and no other command waits for that."""

from typing import cast

import typer
from typer._click.core import Command, Context  # typer's own: a group is overridden in its terms
from typer.core import TyperGroup


class _Benches(TyperGroup):
    """The commands of `lumenward.cli.bench`, which is imported when one of them is asked for."""

    def list_commands(self, ctx: Context) -> list[str]:
        return _group().list_commands(ctx)

    def get_command(self, ctx: Context, cmd_name: str) -> Command | None:
        return _group().get_command(ctx, cmd_name)


def _group() -> TyperGroup:
    from lumenward.cli import bench  # noqa: PLC0415

    return cast("TyperGroup", typer.main.get_command(bench.app))


app = typer.Typer(cls=_Benches, no_args_is_help=True)


@app.callback()
def benches() -> None:
    """Measure what this machine carries."""
