"""How large anything on the wire may be; what exceeds a limit is refused with its name."""

from datetime import timedelta
from typing import Final

BATCH_BYTES: Final = 256 * 1024
"""A sealed batch, header and tag included."""

BODY_BYTES: Final = 1024 * 1024
"""A body once decompressed."""

RECEIPT_BYTES: Final = 64 * 1024
"""A receipt with its authenticator."""

ITEMS: Final = 1000
"""Items of one kind in one body."""

BLOCK_SAMPLES: Final = 3600
"""Samples in one block."""

TEXT: Final = 40
"""Characters of a device's own words (model, serial, firmware)."""

DURATION_S: Final = 36525 * 86400
"""A device's tick, and how uncertain an instant may be: a century, for some count from 2000."""

REASON: Final = 200
"""Characters of a reason, or of a sentence about something."""

ORDER_BYTES: Final = 16 * 1024
"""A sealed order."""

HEARTBEAT: Final = timedelta(seconds=30)
"""How long a gateway is quiet at most: with nothing to tell it sends an empty batch. In real time."""
