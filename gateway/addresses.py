"""Bluetooth addresses in words: where a person's devices are heard is nobody's business beyond the home.

Addresses as bleak and BlueZ write them (`C0:00:00:00:4F:01`, `dev_C0_00_00_00_4F_01`), and as panels have them in their
names (`BLOCK` and twelve digits).
"""

import re
from typing import Final

_ADDRESS: Final = re.compile(
    r"(?<![0-9a-f])[0-9a-f]{2}([:_-]?)(?:[0-9a-f]{2}\1){3}([0-9a-f]{2})\1([0-9a-f]{2})(?![0-9a-f])", re.IGNORECASE
)


def shortened(words: str) -> str:
    """Words for the log: of each address its last two octets, to tell the devices of a home apart."""
    return _ADDRESS.sub(r"…:\2:\3", words)


def struck(words: str) -> str:
    """Words that leave the home: nothing of any address."""
    return _ADDRESS.sub("…", words)
