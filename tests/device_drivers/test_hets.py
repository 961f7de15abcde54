"""The HETS driver reads every vector of the device profile, and refuses what is none by name."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_drivers.errors import FamilyUnknown, FrameRefused
from device_drivers.families import FAMILIES, family
from device_drivers.hets import gatt
from device_drivers.hets.live import read_live
from device_drivers.hets.procedures import (
    ABORT_RECORDS,
    STOP,
    AccessAnswer,
    AccessResult,
    ControlAnswer,
    acknowledge_records,
    read_access_answer,
    read_control_answer,
    report_records_from,
)
from device_drivers.hets.record import read_record
from device_drivers.hets.segments import join
from device_drivers.hets.status import read_elapsed_time, read_features, read_state, read_system_id
from tests.fuzz.targets import READERS
from tests.vectors import VECTORS
from vocabulary.devices import DeviceState, Fault, Lockout, Mark, Modality, Zone
from vocabulary.instants import DeviceUtc, Tick
from vocabulary.readings import EndReason, Measurement, Reading, RecordFlag, Sign


def vector(group: str, key: str = "hex") -> bytes:
    return bytes.fromhex(VECTORS[group][key])


def messages(segments: list[str]) -> list[bytes]:
    partial, whole = None, []
    for segment in segments:
        partial, message = join(partial, bytes.fromhex(segment))
        whole += [message] if message is not None else []
    return whole


def test_the_uid_is_the_system_id_reversed():
    assert read_system_id(vector("uid", "system_id_on_the_wire")) == VECTORS["uid"]["uid"]


def test_features_read_as_the_vector_says():
    features, expected = read_features(vector("features")), VECTORS["features"]
    assert len(features.features) == len(expected["features"])
    assert features.modality is Modality.LED
    assert features.zones == (Zone.WHOLE_FACE,)
    assert (features.minor, features.max_records, features.programs, features.prescription_slots) == (0, 512, 4, 1)


def test_state_reads_as_the_vector_says():
    assert read_state(vector("state")) == Mark(
        state=DeviceState.LOCKED,
        lockout=Lockout.COOL_DOWN,
        lockout_left=timedelta(minutes=718),
        newest=42,
        oldest=7,
        timeline=3,
        faults=(Fault.OVER_TEMPERATURE,),
        battery_percent=81,
        sessions_left=35,
    )


def test_a_live_frame_of_a_mask_reads_as_the_vector_says():
    assert read_live(vector("live_led"), Modality.LED) == Reading(
        state=DeviceState.EMITTING,
        zone=Zone.WHOLE_FACE,
        sequence_low=299,
        counter_low=42,
        measurement=Measurement(
            active_s=300,
            remaining_s=300,
            signs=Sign.CONTACT | Sign.EYE_SHIELD,
            irradiance_mw_per_cm2=35.2,
            fluence_j_per_cm2=10.56,
            skin_celsius=34.12,
            battery_percent=81,
        ),
    )


def test_a_live_frame_of_an_rf_device_reads_as_the_vector_says():
    assert read_live(vector("live_rf"), Modality.RF) == Reading(
        state=DeviceState.EMITTING,
        zone=Zone.CHEEK_LEFT,
        sequence_low=65535,
        counter_low=1,
        measurement=Measurement(
            active_s=61,
            remaining_s=179,
            signs=Sign.CONTACT | Sign.MOVING | Sign.LEVEL_MEASURED,
            rf_power_w=8.12,
            rf_energy_j=437,
            impedance_ohm=186,
        ),
    )


def test_a_record_of_a_mask_reads_as_the_vector_says():
    record = read_record(vector("record_led"))
    assert record.counter == 42
    assert record.content.hex() == VECTORS["record_led"]["content_sha256"]
    assert record.start == DeviceUtc(
        at=datetime(2000, 1, 1, tzinfo=UTC) + timedelta(seconds=812345678), synchronised=True
    )
    assert record.flags == (RecordFlag.UTC, RecordFlag.ENFORCED)
    assert (record.planned, record.active, record.elapsed) == tuple(timedelta(seconds=s) for s in (600, 600, 612))
    assert (record.end_reason, record.pauses, record.program) == (EndReason.DONE, 1, 2)
    assert (record.fluence_j_per_cm2, record.peak_irradiance_mw_per_cm2) == (21.12, 35.2)
    assert (record.rf_energy_j, record.peak_rf_power_w, record.impedance_ohm) == (None, None, None)
    assert (record.highest_skin_celsius, record.prescription, record.firmware) == (35.12, "9a3b5c7d", "1.2.3.0")


def test_a_record_of_an_rf_device_reads_as_the_vector_says():
    record = read_record(vector("record_rf"))
    assert record.content.hex() == VECTORS["record_rf"]["content_sha256"]
    assert record.start == Tick(timeline=4, since_start=timedelta(seconds=86400))
    assert record.flags == (RecordFlag.ABORTED, RecordFlag.FAULT)
    assert record.zones == (Zone.CHEEK_LEFT, Zone.CHEEK_RIGHT)
    assert (record.end_reason, record.faults) == (EndReason.OVER_TEMPERATURE, (Fault.OVER_TEMPERATURE,))
    assert (record.rf_energy_j, record.peak_rf_power_w) == (5250, 8.12)
    assert (record.highest_skin_celsius, record.impedance_ohm, record.prescription) == (43.1, 186, None)


def test_each_record_names_the_checksum_of_the_one_before_it():
    assert read_record(vector("record_rf")).previous_crc == read_record(vector("record_led")).crc
    assert read_record(vector("record_led")).previous_crc == 0xFFFF


def test_a_record_read_again_after_a_change_of_timeline_is_the_same_record():
    again = read_record(vector("record_led", "same_record_read_after_a_timeline_change"))
    assert again == read_record(vector("record_led"))


@pytest.mark.parametrize("group", ["record_led", "record_rf"])
@pytest.mark.parametrize("mtu", ["segments_mtu_23", "segments_mtu_247"])
def test_the_segments_of_a_record_join_to_the_record(group, mtu):
    if mtu in VECTORS[group]:
        assert messages(VECTORS[group][mtu]) == [vector(group)]


def test_a_lost_segment_voids_its_message_and_the_next_first_segment_begins_anew():
    first, _, last = (bytes.fromhex(segment) for segment in VECTORS["record_led"]["segments_mtu_23"])
    partial, _ = join(None, first)
    with pytest.raises(FrameRefused, match=r"segment\.counter: 2, expected 1"):
        join(partial, last)
    assert messages([first.hex(), *VECTORS["record_rf"]["segments_mtu_23"]]) == [vector("record_rf")]


@given(st.lists(st.binary(max_size=40), max_size=40))
def test_any_segments_join_or_are_refused(segments):
    partial = None
    for segment in segments:
        try:
            partial, message = join(partial, segment)
        except FrameRefused:
            partial, message = None, None
        assert message is None or len(message) <= 512


def test_orders_have_the_bytes_of_the_vectors():
    assert report_records_from(43).hex() == VECTORS["racp"]["report_from_43"]
    assert ABORT_RECORDS.hex() == VECTORS["racp"]["abort"]
    assert STOP.hex() == VECTORS["control"]["stop"]
    assert acknowledge_records(43).hex() == VECTORS["control"]["acknowledge_to_43"]


@pytest.mark.parametrize(
    ("answer", "operation", "result"),
    [
        ("answer_report_ok", 1, AccessResult.OK),
        ("answer_no_records", 1, AccessResult.NO_RECORDS),
        ("answer_abort_ok", 3, AccessResult.OK),
        ("delete_unacknowledged_answer", 2, AccessResult.NOT_COMPLETED),
    ],
)
def test_record_access_answers_say_what_they_answer_and_how(answer, operation, result):
    assert read_access_answer(vector("racp", answer)) == AccessAnswer(operation, result)


def test_control_answers_read_as_the_vectors_say():
    cool_down = read_control_answer(vector("control", "answer_start_cool_down_1800s"))
    assert cool_down == ControlAnswer(0x10, 0x10, (1800).to_bytes(4, "little"))
    assert read_control_answer(vector("control", "answer_stop_ok")) == ControlAnswer(0x11, 1, b"")


def test_elapsed_time_reads_ticks_of_the_timeline_and_utc():
    tick = read_elapsed_time(bytes([0x21]) + (86400).to_bytes(6, "little") + bytes([7, 0, 0, 0]), timeline=4)
    assert tick == Tick(timeline=4, since_start=timedelta(days=1))
    utc = read_elapsed_time(bytes([0x26]) + (10).to_bytes(6, "little") + bytes([1, 4, 0, 0]), timeline=4)
    assert utc == DeviceUtc(at=datetime(2000, 1, 1, 0, 0, 1, tzinfo=UTC), synchronised=True)


def changed(frame: bytes, at: int, value: int) -> bytes:
    return frame[:at] + bytes([value]) + frame[at + 1 :]


@pytest.mark.parametrize(
    ("frame", "where"),
    [
        (changed(vector("live_led"), 0, 9), r"live \(LED\)\.state: 9 is none of \[0, 1, 2, 3, 4, 5\]"),
        (changed(vector("live_led"), 1, 13), r"live \(LED\)\.zone: 13"),
        (changed(vector("live_led"), 18, 101), r"live \(LED\)\.battery_percent: 101 is outside 0 to 100"),
        (changed(vector("live_led"), 13, 0x7F), r"live \(LED\)\.skin_celsius: .* is outside -60 to 200"),
        (vector("live_led")[:-1], r"live \(LED\)\.length: 19 bytes, expected 20"),
    ],
)
def test_a_live_frame_that_is_none_is_refused_by_field(frame, where):
    with pytest.raises(FrameRefused, match=where):
        read_live(frame, Modality.LED)


def test_a_record_with_any_bit_changed_is_refused():
    current_timeline = 16 * 8 + 5  # no part of the record's content
    for bit in set(range(56 * 8)) - {current_timeline}:
        frame = bytearray(vector("record_led"))
        frame[bit // 8] ^= 1 << bit % 8
        with pytest.raises(FrameRefused):
            read_record(bytes(frame))


@pytest.mark.parametrize("reader", READERS)
@given(data=st.data())
def test_any_bytes_decode_or_are_refused(reader, data):
    frame = data.draw(st.one_of(st.binary(max_size=64), *(st.binary(min_size=n, max_size=n) for n in (8, 11, 14, 20))))
    with suppress(FrameRefused):
        READERS[reader](frame)


def test_a_modality_without_a_dose_has_no_live_frame():
    with pytest.raises(FrameRefused, match=r"live\.modality: ems has no live frame"):
        read_live(vector("live_led"), Modality.EMS)


def test_characteristics_are_named_after_the_service():
    assert gatt.LIVE == "e7a00004-6f1c-4b0e-9d5a-3c8f1d2a7b40"
    assert gatt.RECORD_ACCESS == "00002a52-0000-1000-8000-00805f9b34fb"


def test_an_unknown_family_is_refused_with_the_ones_there_are():
    assert family("hets/1") is FAMILIES["hets/1"]
    with pytest.raises(FamilyUnknown, match="hets/1"):
        family("hets/9")
