"""The code tables of HETS: what a number stands for."""

from datetime import UTC, datetime
from typing import Final

from device_drivers.layout import numbered
from vocabulary.devices import DeviceState, Fault, Feature, Lockout, Modality, Zone
from vocabulary.readings import EndReason, RecordFlag

EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""Where UTC on a device counts from."""

STATES: Final = numbered(
    [
        DeviceState.OFF,
        DeviceState.READY,
        DeviceState.EMITTING,
        DeviceState.LOCKED,
        DeviceState.FAULT,
        DeviceState.UPDATE,
    ]
)

ZONES: Final = (
    Zone.FOREHEAD,
    Zone.PERIORBITAL_LEFT,
    Zone.PERIORBITAL_RIGHT,
    Zone.CHEEK_LEFT,
    Zone.CHEEK_RIGHT,
    Zone.NOSE,
    Zone.PERIORAL,
    Zone.CHIN,
    Zone.JAW_LEFT,
    Zone.JAW_RIGHT,
    Zone.NECK,
    Zone.DECOLLETE,
    Zone.WHOLE_FACE,
)

MODALITIES: Final = (Modality.LED, Modality.RF, Modality.EMS)

FEATURES: Final = (
    Feature.RECORDS,
    Feature.LIVE,
    Feature.START,
    Feature.PAUSE,
    Feature.PRESCRIPTION,
    Feature.ZONES,
    Feature.SKIN_TEMPERATURE,
    Feature.CONTACT,
    Feature.IMPEDANCE,
    Feature.MOTION,
    Feature.EYE_SHIELD,
    Feature.REAL_TIME_CLOCK,
    Feature.IRRADIANCE_SENSOR,
    Feature.UPDATE,
    Feature.IDENTIFY,
)

FAULTS: Final = (
    Fault.OVER_TEMPERATURE,
    Fault.TEMPERATURE_SENSOR,
    Fault.EMITTER_OPEN,
    Fault.EMITTER_OVER_CURRENT,
    Fault.BATTERY,
    Fault.RECORD_MEMORY,
    Fault.CLOCK_LOST,
    Fault.CONTACT_LOST,
    Fault.EYE_SHIELD,
    Fault.IMPEDANCE,
    Fault.SELF_TEST,
)

LOCKOUTS: Final = {
    0: None,
    **numbered(
        [
            Lockout.COOL_DOWN,
            Lockout.DAY,
            Lockout.WEEK,
            Lockout.USED_UP,
            Lockout.DOSE,
            Lockout.EXPIRED,
            Lockout.EARLY,
            Lockout.NO_PRESCRIPTION,
            Lockout.NOT_ALLOWED,
            Lockout.HOT,
            Lockout.CONTACT,
            Lockout.BATTERY,
            Lockout.CLOCK,
            Lockout.RECALLED,
        ],
        start=0x10,
    ),
}

END_REASONS: Final = numbered(
    [
        EndReason.DONE,
        EndReason.USER,
        EndReason.REMOTE,
        EndReason.FAULT,
        EndReason.OVER_TEMPERATURE,
        EndReason.LIMIT,
        EndReason.CONTACT,
        EndReason.POWER_LOST,
        EndReason.BATTERY,
    ]
)

RECORD_FLAGS: Final = (
    RecordFlag.UTC,
    RecordFlag.SYNCED,
    RecordFlag.ABORTED,
    RecordFlag.FAULT,
    RecordFlag.ENFORCED,
    RecordFlag.DOSE_ESTIMATED,
    RecordFlag.CONTINUED,
    RecordFlag.TEST,
)

NOT_SYNCHRONISED: Final = 7
"""Time source of a device whose clock is not set."""
