"""The session record and its chain, byte for byte as the profile's vectors have them."""

import hashlib

import pytest

from firmware_bridge.virtual.hets.codes import EndReason, Fault, Modality, RecordFlag, Zone
from firmware_bridge.virtual.hets.records import FIRST_IN_CHAIN, Record, Stamp, as_read, counter_of, crc_of
from firmware_bridge.virtual.hets.segments import segments
from tests.vectors import VECTORS

LED, RF = VECTORS["record_led"], VECTORS["record_rf"]
LED_TIMELINE, RF_TIMELINE = 3, 4

LED_RECORD = Record(
    flags=frozenset({RecordFlag.UTC, RecordFlag.ENFORCED}),
    counter=42,
    start=Stamp(seconds=812345678, timeline=LED_TIMELINE, utc=True, zone_quarters=4, source=1),
    modality=Modality.LED,
    program=2,
    zones=(Zone.WHOLE_FACE,),
    planned_s=600,
    active_s=600,
    elapsed_s=612,
    end_reason=EndReason.DONE,
    pauses=1,
    dose=21.12,
    peak_level=35.2,
    highest_skin_celsius=35.12,
    impedance_ohm=None,
    prescription=0x9A3B5C7D,
    firmware=0x01020300,
    faults=frozenset(),
    previous_crc=FIRST_IN_CHAIN,
)

RF_RECORD = Record(
    flags=frozenset({RecordFlag.ABORTED, RecordFlag.FAULT}),
    counter=43,
    start=Stamp(seconds=86400, timeline=RF_TIMELINE, utc=False, zone_quarters=None, source=7),
    modality=Modality.RF,
    program=1,
    zones=(Zone.CHEEK_LEFT, Zone.CHEEK_RIGHT),
    planned_s=1200,
    active_s=733,
    elapsed_s=1180,
    end_reason=EndReason.OVER_TEMPERATURE,
    pauses=3,
    dose=5250,
    peak_level=8.12,
    highest_skin_celsius=43.1,
    impedance_ohm=186,
    prescription=0,
    firmware=0x01020300,
    faults=frozenset({Fault.OVER_TEMPERATURE}),
    previous_crc=int(LED["crc"], 16),
)


def test_a_record_reads_on_its_own_timeline_as_the_vector_does():
    assert as_read(LED_RECORD.encode(), LED_TIMELINE).hex() == LED["hex"]


def test_a_record_reads_after_a_timeline_change_as_the_vector_does():
    assert as_read(LED_RECORD.encode(), LED_TIMELINE + 1).hex() == LED["same_record_read_after_a_timeline_change"]


def test_a_record_of_ticks_reads_as_the_vector_does():
    assert as_read(RF_RECORD.encode(), RF_TIMELINE + 1).hex() == RF["hex"]


@pytest.mark.parametrize(("record", "vector"), [(LED_RECORD, LED), (RF_RECORD, RF)])
def test_the_content_hash_of_a_record_is_that_of_the_vector(record, vector):
    assert hashlib.sha256(record.encode()[:54]).hexdigest() == vector["content_sha256"]


@pytest.mark.parametrize(("record", "vector"), [(LED_RECORD, LED), (RF_RECORD, RF)])
def test_a_record_gives_the_next_one_the_crc_of_the_vector(record, vector):
    assert crc_of(record.encode()) == int(vector["crc"], 16)


def test_a_record_names_its_session():
    assert counter_of(LED_RECORD.encode()) == 42


@pytest.mark.parametrize(("stored", "timeline", "vector"), [(LED_RECORD, LED_TIMELINE, LED), (RF_RECORD, 9, RF)])
def test_a_record_crosses_the_smallest_mtu_in_the_segments_of_the_vector(stored, timeline, vector):
    read = as_read(stored.encode(), timeline)
    assert [segment.hex() for segment in segments(read, 23)] == vector["segments_mtu_23"]


def test_a_record_crosses_a_large_mtu_in_one_segment():
    read = as_read(LED_RECORD.encode(), LED_TIMELINE)
    assert [segment.hex() for segment in segments(read, 247)] == LED["segments_mtu_247"]
