"""The orders that were taken, in one small file: what is there is always all of one state, the old or the new.

The state before is kept beside it: when the newest does not read, no more than the last change is forgotten, and no
order but the last could be played again.
"""

import logging
import os
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from gateway.orders.state import NOTHING_TAKEN, OrderState

_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder(OrderState)
_log = logging.getLogger(__name__)


def read_state(path: Path) -> OrderState:
    """The state in a file, or the one before it; none when there is neither. What does not read is set aside.

    Raises OSError.
    """
    return _read(path) or _read(_before(path)) or NOTHING_TAKEN


def write_state(path: Path, state: OrderState) -> None:
    """Have a file hold this state; it is on disk when this returns. Raises OSError."""
    new = path.with_suffix(".new")
    with new.open("wb") as file:
        file.write(_encoder.encode(state))
        file.flush()
        os.fsync(file.fileno())
    with suppress(FileNotFoundError):
        path.replace(_before(path))
    new.replace(path)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _read(path: Path) -> OrderState | None:
    """The state in one file; None when there is none in it."""
    try:
        return _decoder.decode(path.read_bytes())
    except FileNotFoundError:
        return None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        aside = path.with_suffix(f"{path.suffix}.damaged")
        path.replace(aside)
        _log.error(
            "%s does not read (%s) and is set aside as %s; the service sends its orders again", path, error, aside
        )
        return None


def _before(path: Path) -> Path:
    return path.with_suffix(".before")
