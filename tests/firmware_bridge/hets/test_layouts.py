"""Features, State and Live, byte for byte as the profile's vectors have them."""

from firmware_bridge.virtual.hets.codes import Fault, Feature, LiveFlag, Modality, State, Zone, bits
from firmware_bridge.virtual.hets.layouts import UNITS, Features, Live, StateReport
from tests.vectors import VECTORS


def test_features_are_the_bytes_of_the_vector():
    vector = VECTORS["features"]
    features = Features(
        features=frozenset(map(Feature, vector["features"])),
        max_records=vector["max_records"],
        modality=Modality.LED,
        zones=frozenset({Zone.WHOLE_FACE}),
        program_count=vector["programs"],
        prescription_slots=vector["prescription_slots"],
    )
    assert features.encode().hex() == vector["hex"]


def test_state_is_the_bytes_of_the_vector():
    vector = VECTORS["state"]
    report = StateReport(
        state=State.LOCKED,
        lockout=0x10,
        newest=vector["newest"],
        oldest=vector["oldest"],
        timeline=vector["timeline"],
        lockout_minutes=vector["lockout_min"],
        faults=frozenset({Fault.OVER_TEMPERATURE}),
        battery_percent=vector["battery_percent"],
        sessions_left=vector["sessions_left"],
    )
    assert report.encode().hex() == vector["hex"]


def test_state_leaves_out_faults_that_do_not_fit():
    report = StateReport(
        state=State.READY,
        lockout=0,
        newest=0,
        oldest=0,
        timeline=1,
        lockout_minutes=0,
        faults=frozenset({Fault.IMPEDANCE, Fault.CONTACT_LOST}),
        battery_percent=50,
    )
    assert report.encode()[16] == 0b1000_0000


def test_a_live_frame_of_a_mask_is_the_bytes_of_the_vector():
    vector = VECTORS["live_led"]
    frame = Live(
        state=State.EMITTING,
        zone=Zone.WHOLE_FACE,
        sequence=vector["seq"],
        counter=vector["counter_low"],
        active_s=vector["active_s"],
        remaining_s=vector["remaining_s"],
        level=vector["level_mw_per_cm2"],
        skin_celsius=vector["skin_temperature_celsius"],
        dose=vector["dose_j_per_cm2"],
        impedance_ohm=vector["impedance_ohm"],
        battery_percent=vector["battery_percent"],
        flags=bits((LiveFlag.CONTACT, LiveFlag.EYE_SHIELD)),
    )
    assert frame.encode(UNITS[Modality.LED]).hex() == vector["hex"]


def test_a_live_frame_of_an_rf_device_is_the_bytes_of_the_vector():
    vector = VECTORS["live_rf"]
    frame = Live(
        state=State.EMITTING,
        zone=Zone.CHEEK_LEFT,
        sequence=vector["seq"] + 3 * 0x10000,
        counter=vector["counter_low"] + 0x10000,
        active_s=vector["active_s"],
        remaining_s=vector["remaining_s"],
        level=vector["level_w"],
        skin_celsius=vector["skin_temperature_celsius"],
        dose=vector["dose_j"],
        impedance_ohm=vector["impedance_ohm"],
        battery_percent=vector["battery_percent"],
        flags=bits((LiveFlag.CONTACT, LiveFlag.MOVING, LiveFlag.LEVEL_MEASURED)),
    )
    assert frame.encode(UNITS[Modality.RF]).hex() == vector["hex"]
