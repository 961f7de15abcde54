"""SQLite's write-ahead log, switched on by whoever opens a store first."""

from time import monotonic, sleep
from typing import Any, Final

WAIT_S: Final = 10.0
"""How long to try while others open the same file."""


def switch_on(connection: Any) -> None:  # noqa: ANN401 - sqlite3's own, or what SQLAlchemy's event hands over
    """Switch it on. The switch waits for no lock, whatever the busy timeout, so it is tried again.

    Raises sqlite3.OperationalError when the file stays locked.
    """
    until = monotonic() + WAIT_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except connection.OperationalError:
            if monotonic() > until:
                raise
            sleep(0.01)
        else:
            return
