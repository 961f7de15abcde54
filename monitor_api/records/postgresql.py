"""What PostgreSQL is asked for on each connection, and which of its errors pass by themselves."""

from typing import Any, Final

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

PATIENCE_S: Final = {"lock_timeout": 5, "statement_timeout": 30, "idle_in_transaction_session_timeout": 30}
"""What a transaction may take before the server ends it, in seconds: whoever waits for it tries again."""

_PROMISES: Final = {"timezone": "UTC", "synchronous_commit": "on"}
"""What was committed is on the server's disk, whatever the server's own settings say."""

CONNECTING: Final[dict[str, Any]] = {
    "application_name": "lumenward",
    "connect_timeout": 10,
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
    "options": " ".join(
        f"-c {name}={value}"
        for name, value in (_PROMISES | {name: f"{seconds}s" for name, seconds in PATIENCE_S.items()}).items()
    ),
}
"""How to connect; a server that is gone without a word is noticed within half a minute."""

READING: Final[dict[str, Any]] = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
"""A view that stays what it was at its first look, as SQLite's is."""

_PASSING: Final = ("08", "25P03", "40", "53", "55P03", "57")
"""SQLSTATE of what passes, by how it begins: connection, idle too long, serialization and deadlock, resources, lock not
available, intervention by an operator or a timeout."""

_MIGRATING: Final = 0x6C756D656E77
"""The advisory lock of who migrates: `lumenw` in ASCII."""


def passes(error: DBAPIError) -> bool:
    """Whether the same may succeed when it is tried again: nothing of the transaction is known to have stayed."""
    state = getattr(error.orig, "sqlstate", None)
    if isinstance(state, str):
        return state.startswith(_PASSING)
    return error.connection_invalidated or isinstance(error, OperationalError | InterfaceError)


def migrate_alone(connection: Connection) -> None:
    """Wait, for as long as it takes, until no other process migrates; until this transaction ends none will."""
    for name in ("lock_timeout", "statement_timeout"):
        connection.execute(text(f"SET LOCAL {name} = 0"))
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATING})
