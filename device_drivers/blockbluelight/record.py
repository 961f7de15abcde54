"""The record of a panel's session: the panel keeps none, so its gateway writes one when the session has ended.

It says what the panel's countdown told, and nothing that only the gateway's clock could say: each countdown is a
timeline of its own, which begins at tick 0 and which the gateway's anchors tie to civil time.
"""

import binascii
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Final

from device_drivers.errors import FrameRefused
from device_drivers.layout import U8, U16, U32, Field, Layout, numbered, one_of, scaled, whole
from vocabulary.devices import Modality
from vocabulary.instants import Tick
from vocabulary.readings import EndReason, RecordFlag, SessionRecord

_VERSION: Final = 1
_REASONS: Final = (EndReason.DONE, EndReason.USER, EndReason.REMOTE, EndReason.UNKNOWN)
_NO_DOSE: Final = 0xFFFFFFFF
_NO_LEVEL: Final = 0xFFFF
_CRC_BYTES: Final = 2

_RECORD: Final = Layout(
    "panel record",
    Field("version", U8, whole(_VERSION, _VERSION)),
    Field("end_reason", U8, one_of(numbered(_REASONS))),
    Field("counter", U32, whole(1, 0xFFFFFFFF)),
    Field("timeline", U32),
    Field("planned_s", U16),
    Field("active_s", U16),
    Field("fluence_j_per_cm2", U32, scaled(1000, high=1e7, absent=_NO_DOSE)),
    Field("peak_irradiance_mw_per_cm2", U16, scaled(10, absent=_NO_LEVEL)),
    Field("previous_crc", U16),
    Field("crc", U16),
    byteorder="big",
)

FIRST: Final = 0xFFFF
"""What the first record of a numbering names as the checksum of the one before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelAccount:
    """What the gateway knows of a session that has ended; dose and level are None without a calibration."""

    counter: int
    timeline: int
    planned: timedelta
    active: timedelta
    end_reason: EndReason
    fluence_j_per_cm2: float | None
    peak_irradiance_mw_per_cm2: float | None
    previous_crc: int


def dump_record(account: PanelAccount) -> bytes:
    """The bytes that `read_record` reads."""
    values = {
        "version": _VERSION,
        "end_reason": _REASONS.index(account.end_reason),
        "counter": account.counter,
        "timeline": account.timeline,
        "planned_s": account.planned // timedelta(seconds=1),
        "active_s": account.active // timedelta(seconds=1),
        "fluence_j_per_cm2": _raw(account.fluence_j_per_cm2, 1000, _NO_DOSE),
        "peak_irradiance_mw_per_cm2": _raw(account.peak_irradiance_mw_per_cm2, 10, _NO_LEVEL),
        "previous_crc": account.previous_crc,
        "crc": 0,
    }
    frame = _RECORD.encode(values)[:-_CRC_BYTES]
    return frame + _crc(frame).to_bytes(_CRC_BYTES, "big")


def read_record(frame: bytes) -> SessionRecord:
    """Decode what a gateway wrote. Raises FrameRefused."""
    values = _RECORD.decode(frame)
    account = frame[:-_CRC_BYTES]
    if values["crc"] != _crc(account):
        raise FrameRefused(
            "panel record", "crc", f"{values['crc']:#06x}, the bytes before it give {_crc(account):#06x}"
        )
    active = timedelta(seconds=values["active_s"])
    kept = ("counter", "crc", "previous_crc", "timeline", "end_reason")
    return SessionRecord(
        **{name: values[name] for name in (*kept, "fluence_j_per_cm2", "peak_irradiance_mw_per_cm2")},
        content=sha256(account).digest(),
        flags=tuple(_flags(values["end_reason"], values["fluence_j_per_cm2"])),
        start=Tick(timeline=values["timeline"], since_start=timedelta(0)),
        modality=Modality.LED,
        program=0,
        zones=(),
        planned=timedelta(seconds=values["planned_s"]),
        active=active,
        elapsed=active,
        pauses=0,
        rf_energy_j=None,
        peak_rf_power_w=None,
        highest_skin_celsius=None,
        impedance_ohm=None,
        prescription=None,
        firmware="",
        faults=(),
    )


def _flags(reason: EndReason, fluence: float | None) -> list[RecordFlag]:
    ended_early = [] if reason is EndReason.DONE else [RecordFlag.ABORTED]
    return ended_early + ([] if fluence is None else [RecordFlag.DOSE_ESTIMATED])


def _raw(value: float | None, per_unit: int, absent: int) -> int:
    return absent if value is None else min(round(value * per_unit), absent - 1)


def _crc(octets: bytes) -> int:
    return binascii.crc_hqx(octets, 0xFFFF)
