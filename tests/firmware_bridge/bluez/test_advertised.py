"""Advertising data as properties of a device."""

from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.virtual.bluez.advertised import advertised_properties, uuid_text

BATTERY = "0000180f-0000-1000-8000-00805f9b34fb"
WHOLE = "00112233-4455-6677-8899-aabbccddeeff"


def plain(properties):
    return {name: variant.value for name, variant in properties.items()}


def test_each_kind_of_structure_becomes_its_property():
    structures = [
        (0x01, b"\x06"),
        (0x03, bytes.fromhex("0f18")),
        (0x07, bytes.fromhex("ffeeddccbbaa99887766554433221100")),
        (0x09, b"Mask\0"),
        (0x0A, b"\xf4"),
    ]
    assert plain(advertised_properties(structures)) == {
        "AdvertisingFlags": b"\x06",
        "UUIDs": [BATTERY, WHOLE],
        "Name": "Mask",
        "Alias": "Mask",
        "TxPower": -12,
    }


def test_data_is_kept_by_maker_and_by_gatt_service():
    properties = plain(advertised_properties([(0xFF, b"\x02\x01two"), (0xFF, b"\x03\x00"), (0x16, b"\x0f\x18\x64")]))
    assert plain(properties["ManufacturerData"]) == {0x0102: b"two", 3: b""}
    assert plain(properties["ServiceData"]) == {BATTERY: b"\x64"}


def test_a_whole_name_wins_over_a_short_one():
    for structures in ([(0x08, b"Ma"), (0x09, b"Mask")], [(0x09, b"Mask"), (0x08, b"Ma")]):
        assert advertised_properties(structures)["Name"].value == "Mask"


def test_uuids_of_every_size_are_written_in_full():
    assert uuid_text(b"\x0f\x18") == BATTERY
    assert uuid_text(b"\x0f\x18\x00\x00") == BATTERY
    assert uuid_text(bytes.fromhex("ffeeddccbbaa99887766554433221100")) == WHOLE


@given(st.lists(st.tuples(st.integers(0, 255), st.binary(max_size=40))))
def test_any_structures_are_properties(structures):
    names = {"Name", "Alias", "TxPower", "AdvertisingFlags", "UUIDs", "ManufacturerData", "ServiceData"}
    assert set(advertised_properties(structures)) <= names
