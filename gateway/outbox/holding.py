"""One gateway on one outbox: whoever works on it holds a file beside it."""

import fcntl
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from gateway.errors import OutboxFailed, OutboxHeld


@contextmanager
def held(outbox: Path) -> Generator[None]:
    """Keep others off an outbox. Raises OutboxHeld; and OutboxFailed, when nothing can be written there.

    The kernel lets go of a process that died, so nothing has to be cleared away.
    """
    path = outbox.with_suffix(".lock")
    try:
        file = path.open("a")
    except OSError as error:
        raise OutboxFailed(str(error)) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise OutboxHeld(path) from None
        yield
