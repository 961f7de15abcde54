"""What a device says over MQTT, against JSON written by hand from the device profile."""

import json
from datetime import timedelta

import pytest

from firmware_bridge.virtual.hets.clock import Tick
from firmware_bridge.virtual.hets.codes import Fault, Feature, Modality, Result, State, Zone
from firmware_bridge.virtual.hets.happenings import Sampled
from firmware_bridge.virtual.hets.layouts import StateReport
from firmware_bridge.virtual.hets.products import MASK, RF
from firmware_bridge.virtual.physics.sensing import Sensed
from firmware_bridge.virtual.wifi import messages
from firmware_bridge.virtual.wifi.words import words
from tests.firmware_bridge.hets.rig import Bench
from tests.vectors import VECTORS

AT = timedelta(seconds=300)
SENSED = Sensed(35.2, 0.0352, 34.12, None, contact=True, moving=False)


def said(message):
    return json.loads(message.encode())


def sampled(vector, counter, sequence):
    return Sampled(AT, counter, sequence, SENSED, 0.0, bytes.fromhex(VECTORS[vector]["hex"]))


def report(**changes):
    values = {
        "state": State.READY,
        "lockout": 0,
        "newest": 0,
        "oldest": 0,
        "timeline": 1,
        "lockout_minutes": 0,
        "faults": frozenset(),
        "battery_percent": 92,
    }
    return StateReport(**{**values, **changes})


def test_a_mask_says_what_its_frame_of_the_same_second_says():
    assert said(messages.live(sampled("live_led", 65578, 299), 3, Modality.LED)) == {
        "state": "emitting",
        "timeline": 3,
        "counter": 65578,
        "seq": 299,
        "zone": "whole face",
        "active_s": 300,
        "remaining_s": 300,
        "level_mw_per_cm2": 35.2,
        "dose_j_per_cm2": 10.56,
        "skin_celsius": 34.12,
        "battery_percent": 81,
        "flags": ["contact", "eye shield"],
    }


def test_what_a_sensor_cannot_tell_is_absent():
    assert said(messages.live(sampled("live_rf", 1, 65535), 7, Modality.RF)) == {
        "state": "emitting",
        "timeline": 7,
        "counter": 1,
        "seq": 65535,
        "zone": "cheek left",
        "active_s": 61,
        "remaining_s": 179,
        "level_w": 8.12,
        "dose_j": 437,
        "impedance_ohm": 186,
        "flags": ["contact", "moving", "level measured"],
    }


def test_a_device_says_what_it_is():
    assert said(messages.info(Bench(RF).device)) == {
        "uid": "0011223344556677",
        "modality": "rf",
        "model": "Virtual RF device",
        "serial": "0011223344556677",
        "firmware": "1.3.0",
        "features": [
            "records",
            "live",
            "start after a press",
            "pause",
            "zones",
            "skin temperature",
            "contact",
            "impedance",
            "motion",
            "real-time clock",
            "identify",
        ],
        "zones": ["forehead", "cheek left", "cheek right", "jaw left", "jaw right"],
        "max_records": 128,
        "definition": "hets/1",
    }


def test_a_ready_device_gives_no_lockout():
    assert said(messages.state(report(), boot=5)) == {
        "online": True,
        "boot": 5,
        "state": "ready",
        "faults": [],
        "newest": 0,
        "oldest": 0,
        "timeline": 1,
        "battery_percent": 92,
    }


def test_a_locked_device_says_why_and_for_how_many_seconds():
    bench = Bench(MASK, cool_down=timedelta(minutes=30))
    bench.device.begin(0)
    bench.device.stop_by_user()
    bench.wait(61)
    state = said(messages.state(bench.device.report(), boot=1))
    assert (state["state"], state["lockout"], state["lockout_s"]) == ("locked", "cool-down", 1739)


def test_a_lockout_without_telling_how_long_gives_no_seconds():
    state = said(messages.state(report(state=State.LOCKED, lockout=Result.HOT, lockout_minutes=0xFFFF), boot=1))
    assert (state["lockout"], "lockout_s" in state) == ("hot", False)


def test_faults_that_do_not_fit_a_byte_are_told_too():
    assert said(messages.state(report(faults=frozenset({Fault.IMPEDANCE})), boot=1))["faults"] == ["impedance"]


def test_the_will_says_that_the_device_is_gone_and_nothing_else():
    assert said(messages.will(4)) == {"online": False, "boot": 4}


def test_a_record_travels_as_its_56_bytes():
    record = bytes.fromhex(VECTORS["record_led"]["hex"])
    message = said(messages.session(record, oldest=40))
    assert message["oldest"] == 40
    assert message["record"] == ("AREqAAAAAwAAAE5pazAAADIEAQACABBYAlgCZAIAAQCAUgAAYAG4Df//fVw7mgADAgEAAP//hes=")


def test_an_event_gives_the_tick():
    assert said(messages.event("press", Tick(3, 77))) == {"event": "press", "tick_s": 77, "timeline": 3}


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        (
            Zone,
            (
                "forehead, periorbital left, periorbital right, cheek left, cheek right, nose, perioral, chin, "
                "jaw left, jaw right, neck, décolleté, whole face"
            ),
        ),
        (
            Fault,
            (
                "over-temperature, temperature sensor, emitter open, emitter over-current, battery, record memory, "
                "clock lost, contact lost while emitting, eye shield, impedance, self-test"
            ),
        ),
        (
            Feature,
            (
                "records, live, start after a press, pause, prescription, zones, skin temperature, contact, "
                "impedance, motion, eye shield, real-time clock, irradiance sensor, update over smp, identify"
            ),
        ),
        (State, "off, ready, emitting, locked, fault, update"),
        (Result, "ok, unsupported, operand, failed, range, cool-down, hot, no contact, battery, confirm, active"),
    ],
)
def test_codes_have_the_names_of_the_profile(kind, told):
    assert ", ".join(words(kind)) == told
