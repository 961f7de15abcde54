"""Look into an outbox from outside, without disturbing the gateway that owns it."""

import sqlite3
from contextlib import closing
from pathlib import Path


def waiting_batches(path: Path) -> int:
    """How many batches wait for a receipt, and blocks of samples for a seal; 0 when there is no outbox."""
    if not path.exists():
        return 0
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        (count,) = connection.execute(
            "SELECT (SELECT count(*) FROM batch WHERE state = 'waiting') + (SELECT count(*) FROM block)"
        ).fetchone()
    return int(count)
