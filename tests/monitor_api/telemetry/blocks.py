"""Sample blocks of every shape that the wire can bring, for property tests."""

from datetime import UTC, datetime

from hypothesis import strategies as st

from tests.service import UID
from vocabulary.devices import DeviceState, Modality, Zone
from vocabulary.wire.batches import Columns, SampleBlock

AMOUNTS = st.one_of(st.just(0.0), st.just(-0.0), st.floats(0, 1e6, allow_nan=False), st.none())
CELSIUS = st.one_of(st.floats(-60, 200, allow_nan=False), st.none())
OHMS = st.one_of(st.floats(0, 1e7, allow_nan=False), st.none())
INSTANTS = st.sampled_from(
    [
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime(2026, 3, 1, 12, 59, 59, 999_999, tzinfo=UTC),
        datetime(2026, 3, 1, 13, 0, 3, tzinfo=UTC),
        datetime(2199, 12, 31, tzinfo=UTC),
    ]
)


@st.composite
def blocks(draw, counters=(1, 2), longest=8):
    size = draw(st.integers(1, longest))

    def column(values):
        return st.lists(values, min_size=size, max_size=size)

    amounts = st.one_of(st.none(), column(AMOUNTS))
    return SampleBlock(
        device=UID,
        counter=draw(st.sampled_from(counters)),
        modality=Modality.RF,
        state=draw(st.sampled_from(DeviceState)),
        zone=draw(st.one_of(st.none(), st.sampled_from(Zone))),
        first=draw(st.one_of(st.integers(0, 30), st.integers(0, 2**32 - 1))),
        received_at=draw(INSTANTS),
        columns=Columns(
            active_s=draw(column(st.integers(0, 65535))),
            remaining_s=draw(column(st.integers(0, 65535))),
            signs=draw(column(st.integers(0, 255))),
            irradiance_mw_per_cm2=draw(amounts),
            fluence_j_per_cm2=draw(amounts),
            rf_power_w=draw(amounts),
            rf_energy_j=draw(amounts),
            skin_celsius=draw(st.one_of(st.none(), column(CELSIUS))),
            impedance_ohm=draw(st.one_of(st.none(), column(OHMS))),
            battery_percent=draw(st.one_of(st.none(), column(st.one_of(st.integers(0, 100), st.none())))),
        ),
    )
