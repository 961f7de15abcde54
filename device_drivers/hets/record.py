"""Record: the device's own account of a session, 56 bytes (device profile, Record)."""

import binascii
from datetime import timedelta
from hashlib import sha256
from typing import Any, Final

from device_drivers.errors import FrameRefused
from device_drivers.hets.codes import END_REASONS, FAULTS, MODALITIES, RECORD_FLAGS, ZONES
from device_drivers.hets.status import instant
from device_drivers.layout import I8, I16, U8, U16, U32, U48, Field, Layout, bits, numbered, one_of, scaled, whole
from vocabulary.devices import Modality
from vocabulary.readings import SessionRecord

_MILLIJOULES_PER_CM2: Final = 0
_JOULES: Final = 1
_NO_DOSE: Final = 0xFF
_ETS_FLAGS_AT: Final = 16
_CURRENT_TIMELINE: Final = 0x20
_CRC_BYTES: Final = 2

_RECORD: Final = Layout(
    "record",
    Field("version", U8, whole(1, 1)),
    Field("record_flags", U8, bits(RECORD_FLAGS)),
    Field("counter", U32, whole(1, 0xFFFFFFFF)),
    Field("timeline", U32),
    Field("value", U48),
    Field("flags", U8),
    Field("offset", I8),
    Field("source", U8),
    Field("modality", U8, one_of(numbered(MODALITIES))),
    Field("program", U8),
    Field("zones", U16, bits(ZONES)),
    Field("planned_s", U16),
    Field("active_s", U16),
    Field("elapsed_s", U16),
    Field("end_reason", U8, one_of(END_REASONS)),
    Field("pauses", U8),
    Field("dose_unit", U8, one_of({_MILLIJOULES_PER_CM2: Modality.LED, _JOULES: Modality.RF, _NO_DOSE: Modality.EMS})),
    Field("dose", U32),
    Field("peak_level", U16),
    Field("highest_skin_celsius", I16, scaled(100, low=-60, high=200, absent=-0x8000)),
    Field("impedance_ohm", U16, scaled(1, absent=0xFFFF)),
    Field("prescription", U32),
    Field("firmware", U32),
    Field("faults", U16, bits(FAULTS)),
    Field("previous_crc", U16),
    Field("crc", U16),
)

RECORD_BYTES: Final = _RECORD.size


def read_record(frame: bytes) -> SessionRecord:
    """Decode a session record. Raises FrameRefused."""
    values = _RECORD.decode(frame)
    hashed = _without_current_timeline(frame[:-_CRC_BYTES])
    crc = binascii.crc_hqx(hashed, 0xFFFF)
    if values["crc"] != crc:
        raise FrameRefused("record", "crc", f"{values['crc']:#06x}, the bytes before it give {crc:#06x}")
    if values["dose_unit"] is not values["modality"]:
        raise FrameRefused("record", "dose_unit", f"the unit of {values['dose_unit']}, for {values['modality']}")
    kept = ("counter", "crc", "previous_crc", "timeline", "modality", "program", "zones", "end_reason", "pauses")
    parts = {name: values[name] for name in (*kept, "highest_skin_celsius", "impedance_ohm", "faults")}
    return SessionRecord(
        content=sha256(hashed).digest(),
        flags=values["record_flags"],
        start=instant("record", values, values["timeline"]),
        planned=timedelta(seconds=values["planned_s"]),
        active=timedelta(seconds=values["active_s"]),
        elapsed=timedelta(seconds=values["elapsed_s"]),
        prescription=f"{values['prescription']:08x}" if values["prescription"] else None,
        firmware=_version(values["firmware"]),
        **_dose(values),
        **parts,
    )


def _dose(values: dict[str, Any]) -> dict[str, Any]:
    """Dose and peak level, which are counted in 1/1000 J/cm² and 1/10 mW/cm², or in J and 1/100 W."""
    led, rf = (values["modality"] is modality for modality in (Modality.LED, Modality.RF))
    return {
        "fluence_j_per_cm2": values["dose"] / 1000 if led else None,
        "rf_energy_j": float(values["dose"]) if rf else None,
        "peak_irradiance_mw_per_cm2": values["peak_level"] / 10 if led else None,
        "peak_rf_power_w": values["peak_level"] / 100 if rf else None,
    }


def _without_current_timeline(frame: bytes) -> bytes:
    """The bytes as CRC, chain and every comparison take them: "current timeline" may change between two reads."""
    flags = frame[_ETS_FLAGS_AT] & ~_CURRENT_TIMELINE
    return frame[:_ETS_FLAGS_AT] + bytes([flags]) + frame[_ETS_FLAGS_AT + 1 :]


def _version(number: int) -> str:
    return ".".join(str(part) for part in number.to_bytes(4, "big"))
