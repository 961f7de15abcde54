"""Where things are on a HETS device: services and characteristics, as bleak names them."""

from typing import Final
from uuid import UUID

from vocabulary.identity import HETS_SERVICE


def _assigned(number: int) -> str:
    return f"0000{number:04x}-0000-1000-8000-00805f9b34fb"


def _hets(number: int) -> str:
    return str(UUID(int=HETS_SERVICE.int & ~(0xFFFF << 96) | number << 96))


SERVICE: Final = str(HETS_SERVICE)
FEATURES: Final = _hets(0x0002)
STATE: Final = _hets(0x0003)
LIVE: Final = _hets(0x0004)
RECORD: Final = _hets(0x0005)
CONTROL: Final = _hets(0x0006)
PRESCRIPTION: Final = _hets(0x0007)
RECORD_ACCESS: Final = _assigned(0x2A52)
ELAPSED_TIME: Final = _assigned(0x2BF2)
SYSTEM_ID: Final = _assigned(0x2A23)
MODEL: Final = _assigned(0x2A24)
SERIAL: Final = _assigned(0x2A25)
FIRMWARE: Final = _assigned(0x2A26)
