"""The schema's revisions, by their files: a process that finds its store up to date needs no Alembic."""

from pathlib import Path
from typing import Final

MIGRATIONS: Final = Path(__file__).parent / "migrations"

_DIGITS: Final = 4
"""Of a revision: its file's name begins with them."""


def latest_revision() -> int:
    """The one that this version makes of a store; revisions count up."""
    return max(int(file.name[:_DIGITS]) for file in (MIGRATIONS / "versions").glob("[0-9]*.py"))
