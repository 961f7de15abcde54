"""Homes and devices to put on the bench, and evenings to spend with them."""

from datetime import UTC, datetime, timedelta

from firmware_bridge.virtual.air import RoomSettings
from firmware_bridge.virtual.definitions import Ble, DeviceDefinition, HomeDefinition
from firmware_bridge.virtual.people import Begin, Deed, Step
from vocabulary.identity import DeviceUid

BEGAN = datetime(2031, 4, 5, 18, 0, tzinfo=UTC)
REAL = datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC)


def step(at_s, act):
    return Step(at=timedelta(seconds=at_s), act=act)


def session(at_s, program=0, lasting_s=600):
    """A person puts the device on, uses it and takes it off."""
    return (
        step(at_s, Deed.PUT_ON),
        step(at_s + 5, Begin(program)),
        step(at_s + lasting_s + 20, Deed.TAKE_OFF),
    )


def device(tmp_path, *script, product="mask", seed=1, number=0x77, **changes):
    uid = DeviceUid(f"00112233445566{number:02x}")
    values = {
        "product": product,
        "uid": uid,
        "seed": seed,
        "transport": Ble(address=f"C0:00:00:00:00:{number:02X}"),
        "programs": (),
        "cool_down": None,
        "clock_is_set": False,
        "script": script,
        "journal": tmp_path / f"{uid}-{seed}.jsonl",
    }
    return DeviceDefinition(**{**values, **changes})


def home(tmp_path, *devices, **changes):
    values = {
        "name": "home-1",
        "socket": tmp_path / "bus",
        "seed": 1,
        "room": RoomSettings(connection_interval=None, supervision_timeout=timedelta(milliseconds=100)),
        "trace": None,
        "devices": devices,
    }
    return HomeDefinition(**{**values, **changes})
