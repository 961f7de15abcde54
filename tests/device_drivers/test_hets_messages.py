"""HETS over MQTT: messages as the profile writes them, and what is refused of others."""

import json
from base64 import b64decode, b64encode
from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_drivers.errors import FrameRefused
from device_drivers.hets import messages
from device_drivers.hets.messages import Answer, Happening, MessageNumber, SentRecord
from device_drivers.hets.topics import Said, ack_topic, command_topic, read_topic, reject_topic, said_by_all
from tests.vectors import VECTORS
from vocabulary.devices import DeviceState, Fault, Feature, Lockout, Mark, Modality, Zone
from vocabulary.identity import DeviceUid
from vocabulary.instants import Tick
from vocabulary.readings import Measurement, Reading, Sign

UID = DeviceUid("0011223344556677")
INFO = {
    "uid": UID,
    "modality": "led",
    "model": "Mask",
    "serial": "M-7",
    "firmware": "1.2.3",
    "features": ["live", "update over smp", "records", "teleport"],
    "zones": ["whole face"],
    "max_records": 64,
    "definition": "hets/1",
}
STATE = {
    "online": True,
    "boot": 3,
    "state": "locked",
    "faults": ["clock lost"],
    "newest": 9,
    "oldest": 2,
    "timeline": 4,
    "lockout": "cool-down",
    "lockout_s": 90,
    "battery_percent": 81,
}
LIVE_LED = {
    "state": "emitting",
    "timeline": 3,
    "counter": 65579,
    "seq": 65836,
    "zone": "whole face",
    "active_s": 300,
    "remaining_s": 301,
    "level_mw_per_cm2": 35.2,
    "dose_j_per_cm2": 10.56,
    "skin_celsius": 34.12,
    "battery_percent": 81,
    "flags": ["contact", "eye shield"],
}
LIVE_RF = {
    "state": "emitting",
    "timeline": 1,
    "counter": 1,
    "seq": 0,
    "active_s": 0,
    "remaining_s": 600,
    "level_w": 4.5,
    "dose_j": 12,
    "impedance_ohm": 310,
    "flags": ["level measured", "dose estimated"],
}
RECORD = bytes.fromhex(VECTORS["record_led"]["hex"])
SESSION = {"record": b64encode(RECORD).decode(), "oldest": 40}
READERS = {
    "info": lambda payload: messages.read_info(payload, UID),
    "state": messages.read_presence,
    "live": lambda payload: messages.read_live(payload, Modality.LED),
    "session": messages.read_session,
    "event": messages.read_event,
    "answer": messages.read_answer,
}
WHOLE = {
    "info": INFO,
    "state": STATE,
    "live": LIVE_LED,
    "session": SESSION,
    "event": {"event": "press", "tick_s": 12.5, "timeline": 3},
    "answer": {"id": "a-1", "result": "ok"},
}


def sent(fields):
    return json.dumps(fields).encode()


def test_info_says_what_a_device_is_and_ignores_features_that_have_no_name_here():
    said = messages.read_info(sent(INFO), UID)
    assert (said.device, said.modality, said.family, said.epoch) == (UID, Modality.LED, "hets/1", None)
    assert (said.model, said.serial, said.firmware) == ("Mask", "M-7", "1.2.3")
    assert said.features == (Feature.RECORDS, Feature.LIVE, Feature.UPDATE)


def test_a_state_is_a_mark():
    assert messages.read_presence(sent(STATE)).mark == Mark(
        state=DeviceState.LOCKED,
        lockout=Lockout.COOL_DOWN,
        lockout_left=timedelta(seconds=90),
        newest=9,
        oldest=2,
        timeline=4,
        faults=(Fault.CLOCK_LOST,),
        battery_percent=81,
        sessions_left=None,
    )


@pytest.mark.parametrize(
    ("word", "lockout"),
    [
        ("day's count", Lockout.DAY),
        ("week's count", Lockout.WEEK),
        ("too early", Lockout.EARLY),
        ("no contact", Lockout.CONTACT),
        ("hot", Lockout.HOT),
    ],
)
def test_a_lockout_is_called_as_in_the_table_of_results(word, lockout):
    assert messages.read_presence(sent(STATE | {"lockout": word})).mark.lockout is lockout


def test_a_will_says_in_which_boot_the_device_was():
    presence = messages.read_presence(b'{"online": false, "boot": 3}')
    assert (presence.boot, presence.mark) == (3, None)


def test_a_live_sample_of_a_mask_is_a_reading_with_its_whole_counter():
    assert messages.read_live(sent(LIVE_LED), Modality.LED) == Reading(
        state=DeviceState.EMITTING,
        zone=Zone.WHOLE_FACE,
        sequence_low=300,
        counter_low=43,
        counter=65579,
        measurement=Measurement(
            active_s=300,
            remaining_s=301,
            signs=Sign.CONTACT | Sign.EYE_SHIELD,
            irradiance_mw_per_cm2=35.2,
            fluence_j_per_cm2=10.56,
            skin_celsius=34.12,
            battery_percent=81,
        ),
    )


def test_a_live_sample_of_an_rf_device_leaves_out_what_it_does_not_give():
    reading = messages.read_live(sent(LIVE_RF), Modality.RF)
    assert reading.zone is None
    assert reading.measurement == Measurement(
        active_s=0,
        remaining_s=600,
        signs=Sign.LEVEL_MEASURED | Sign.DOSE_ESTIMATED,
        rf_power_w=4.5,
        rf_energy_j=12.0,
        impedance_ohm=310.0,
    )


def test_a_session_carries_the_bytes_of_its_record():
    assert messages.read_session(sent(SESSION)) == SentRecord(RECORD, 40)


def test_an_event_and_an_answer_read():
    assert messages.read_event(sent(WHOLE["event"])) is Happening.PRESS
    assert messages.read_answer(sent(WHOLE["answer"])) == Answer("a-1", "ok")


@pytest.mark.parametrize(("tick_s", "step_ms"), [("1000", 1000), ("1000.25", 100)])
def test_a_tick_without_a_fraction_may_be_a_second_late(tick_s, step_ms):
    read = messages.read_tick(f'{{"id": "a", "result": "ok", "timeline": 7, "tick_s": {tick_s}}}'.encode())
    assert read.tick == Tick(timeline=7, since_start=timedelta(seconds=float(tick_s)))
    assert read.step == timedelta(milliseconds=step_ms)


def test_a_message_is_numbered_by_its_user_properties():
    properties = [("schema", "live/1"), ("boot", "3"), ("seq", "17")]
    assert messages.read_number(Said.LIVE, properties) == MessageNumber(boot=3, seq=17)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"schema": "live/2"}, "schema"),
        ({"schema": "info/1"}, "schema"),
        ({"boot": ""}, "boot"),
        ({"seq": "-1"}, "seq"),
        ({"seq": "1.5"}, "seq"),
        ({"seq": "\uff14"}, "seq"),
        ({"seq": "4294967296"}, "seq"),
        ({"seq": "9" * 5000}, "seq"),
    ],
)
def test_a_message_without_its_number_is_refused(changed, field):
    properties = {"schema": "live/1", "boot": "3", "seq": "17"} | changed
    with pytest.raises(FrameRefused) as refused:
        messages.read_number(Said.LIVE, properties.items())
    assert (refused.value.layout, refused.value.field) == ("live", field)


@pytest.mark.parametrize(
    ("said", "changed", "field"),
    [
        ("info", {"uid": "ffffffffffffffff"}, "uid"),
        ("info", {"definition": "hets/2"}, "definition"),
        ("info", {"modality": "ems"}, "modality"),
        ("info", {"model": "m" * 41}, "model"),
        ("info", {"features": [1]}, "features[0]"),
        ("state", {"state": "dancing"}, "state"),
        ("state", {"oldest": 10}, "oldest"),
        ("state", {"battery_percent": 101}, "battery_percent"),
        ("state", {"lockout": "boredom"}, "lockout"),
        ("state", {"newest": 2**32}, "newest"),
        ("live", {"counter": 0}, "counter"),
        ("live", {"zone": "elbow"}, "zone"),
        ("live", {"skin_celsius": 1000}, "skin_celsius"),
        ("live", {"level_mw_per_cm2": -1}, "level_mw_per_cm2"),
        ("live", {"active_s": 65536}, "active_s"),
        ("session", {"record": "no base64!"}, "record"),
        ("session", {"oldest": 0}, "oldest"),
        ("event", {"event": "sneeze"}, "event"),
        ("answer", {"id": ""}, "id"),
    ],
)
def test_a_field_with_a_value_that_it_may_not_have_is_refused_by_name(said, changed, field):
    with pytest.raises(FrameRefused) as refused:
        READERS[said](sent(WHOLE[said] | changed))
    assert (refused.value.layout, refused.value.field) == (said, field)


MAY_BE_ABSENT = {"lockout", "lockout_s", "battery_percent", "zone", "skin_celsius"}
NEEDED = [(said, field) for said, fields in WHOLE.items() for field in fields if field not in MAY_BE_ABSENT]


@pytest.mark.parametrize(("said", "field"), NEEDED)
def test_a_field_that_must_be_there_is_missed_by_name(said, field):
    fields = {name: value for name, value in WHOLE[said].items() if name != field}
    with pytest.raises(FrameRefused) as refused:
        READERS[said](sent(fields))
    assert (refused.value.layout, refused.value.field, refused.value.problem) == (said, field, "is missing")


@pytest.mark.parametrize("said", WHOLE)
def test_fields_that_the_profile_does_not_name_are_ignored(said):
    assert READERS[said](sent(WHOLE[said] | {"mood": "fine"})) == READERS[said](sent(WHOLE[said]))


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999"])
def test_a_number_that_is_not_finite_is_refused(number):
    payload = sent(LIVE_LED).replace(b"34.12", number.encode())
    with pytest.raises(FrameRefused):
        messages.read_live(payload, Modality.LED)


@pytest.mark.parametrize(
    "payload", [b"", b"\xff", b"[]", b"[" * 8000, b'{"record": "' + b"A" * 9000 + b'", "oldest": 1}']
)
@pytest.mark.parametrize("said", WHOLE)
def test_what_is_no_such_message_is_refused(said, payload):
    with pytest.raises(FrameRefused):
        READERS[said](payload)


def test_a_modality_without_live_messages_has_none():
    with pytest.raises(FrameRefused):
        messages.read_live(sent(LIVE_LED), Modality.EMS)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(st.sampled_from(sorted(READERS)), st.binary(), st.data())
def test_any_bytes_are_a_message_or_are_refused(said, noise, data):
    spoilt = WHOLE[said] | data.draw(st.dictionaries(st.sampled_from(sorted(WHOLE[said])), JSON, max_size=2))
    for payload in (noise, sent(spoilt), sent(spoilt)[: data.draw(st.integers(0, 300))]):
        with suppress(FrameRefused):
            READERS[said](payload)


def test_topics_name_a_device_and_what_it_says():
    assert read_topic(f"het/v1/dev/{UID}/session") == (UID, Said.SESSION)
    assert said_by_all(Said.LIVE) == "het/v1/dev/+/live"
    assert ack_topic(UID) == f"het/v1/dev/{UID}/ack"
    assert command_topic(UID, "a-1") == f"het/v1/dev/{UID}/cmd/a-1"
    assert reject_topic(UID) == f"het/v1/dev/{UID}/reject"


@pytest.mark.parametrize(
    "topic", ["het/v1/dev/mask/live", f"het/v1/dev/{UID}/ack", f"het/v1/dev/{UID}", f"dev/{UID}/live", "", "live"]
)
def test_other_topics_are_refused(topic):
    with pytest.raises(FrameRefused):
        read_topic(topic)


def test_what_a_device_is_told_is_json_with_the_fields_of_the_profile():
    assert json.loads(messages.ack(41)) == {"upto": 41}
    assert json.loads(messages.command("stop")) == {"op": "stop"}
    told = json.loads(messages.prescribe(b"signed"))
    assert (told["op"], b64decode(told["prescription"])) == ("prescription", b"signed")
    assert json.loads(messages.reject("t", 5, "because")) == {"topic": "t", "seq": 5, "reason": "because"}
    assert json.loads(messages.reject("t", None, "r" * 300)) == {"topic": "t", "reason": "r" * 200}
