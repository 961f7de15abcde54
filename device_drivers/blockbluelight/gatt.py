"""Where a panel is found and spoken to: its name, and its characteristics."""

import re
from typing import Final

NAME: Final = re.compile(r"BLOCK[0-9A-Fa-f]{12}")
"""The whole advertised name. Its digits look like the hardware address, so it is personal: never sent, never logged."""

REPLIES: Final = "0000fff1-0000-1000-8000-00805f9b34fb"
"""Notified by the panel. The usual meaning of FFF1 and FFF2 is the other way round."""

REQUESTS: Final = "0000fff2-0000-1000-8000-00805f9b34fb"
"""Written by the host."""
