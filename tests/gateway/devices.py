"""A mask as the gateway sees one, for tests of the gateway."""

from datetime import UTC, datetime, timedelta

from gateway.sessions.tracker import Followed
from vocabulary.devices import DeviceDescription, DeviceState, Feature, Mark, Modality
from vocabulary.identity import DeviceUid
from vocabulary.instants import Tick
from vocabulary.readings import EndReason, Measurement, Reading, SessionRecord, Sign

UID = DeviceUid("0011223344556677")
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)

MASK = DeviceDescription(
    device=UID,
    family="hets/1",
    modality=Modality.LED,
    model="MASK",
    serial="1",
    firmware="1.0",
    features=(Feature.CONTACT, Feature.SKIN_TEMPERATURE),
    epoch=None,
)


def unwatched(_items) -> None:
    """For a book that nobody watches."""


def followed(newest: int = 0) -> Followed:
    return Followed(description=MASK, newest=newest, progress=())


def reading(number: int, counter: int = 1, **measured) -> Reading:
    values = {"irradiance_mw_per_cm2": 30.0, "fluence_j_per_cm2": 0.3, "skin_celsius": 34.0, **measured}
    return Reading(
        state=DeviceState.EMITTING,
        zone=None,
        sequence_low=number & 0xFFFF,
        counter_low=counter & 0xFFFF,
        measurement=Measurement(active_s=(number + 1) & 0xFFFF, remaining_s=0, signs=Sign.CONTACT, **values),
    )


def mark(newest: int = 0, state: DeviceState = DeviceState.READY) -> Mark:
    return Mark(
        state=state,
        lockout=None,
        lockout_left=None,
        newest=newest,
        oldest=min(newest, 1),
        timeline=1,
        faults=(),
        battery_percent=80,
        sessions_left=None,
    )


def record(counter: int = 1, elapsed_s: int = 600) -> SessionRecord:
    return SessionRecord(
        counter=counter,
        content=bytes(32),
        crc=0,
        previous_crc=0xFFFF,
        flags=(),
        timeline=1,
        start=Tick(timeline=1, since_start=timedelta(hours=1)),
        modality=Modality.LED,
        program=0,
        zones=(),
        planned=timedelta(seconds=600),
        active=timedelta(seconds=elapsed_s),
        elapsed=timedelta(seconds=elapsed_s),
        end_reason=EndReason.DONE,
        pauses=0,
        fluence_j_per_cm2=18.0,
        rf_energy_j=None,
        peak_irradiance_mw_per_cm2=30.0,
        peak_rf_power_w=None,
        highest_skin_celsius=35.0,
        impedance_ohm=None,
        prescription=None,
        firmware="1.0.0.0",
        faults=(),
    )
