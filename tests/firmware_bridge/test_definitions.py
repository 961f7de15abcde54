"""Definitions of homes, as they travel to another process."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from firmware_bridge.virtual.air import RoomSettings
from firmware_bridge.virtual.definitions import Wifi, dump_home, load_home
from firmware_bridge.virtual.errors import DefinitionError
from firmware_bridge.virtual.hets.codes import Zone
from firmware_bridge.virtual.hets.products import MASK, Program
from firmware_bridge.virtual.people import Begin
from tests.firmware_bridge.homes import device, home, session, step

HERE = Path("somewhere")


def test_a_home_survives_the_journey_as_json():
    program = Program(planned=timedelta(minutes=7), level=8.5, zones=(Zone.CHEEK_LEFT, Zone.FOREHEAD))
    sent = home(
        HERE,
        device(HERE, *session(-86400)),
        device(HERE, product="rf", programs=(program,), number=0x78, cool_down=timedelta(hours=12), clock_is_set=True),
        device(HERE, number=0x79, transport=Wifi(host="broker.home", port=1883, password="secret")),
        room=RoomSettings(connection_interval=timedelta(milliseconds=30), advertisement_loss=0.1, rssi_dbm=-71),
        trace=HERE / "trace",
    )
    assert load_home(json.dumps(dump_home(sent))) == sent


def test_a_password_is_not_shown():
    assert "secret" not in repr(Wifi(host="broker.home", port=1883, password="secret"))


def test_a_unit_is_made_as_its_product_unless_its_definition_changes_that():
    assert device(HERE).made_as == MASK


def test_a_definition_changes_programmes_and_cool_down():
    program = Program(planned=timedelta(minutes=7), level=25.5, zones=(Zone.WHOLE_FACE,))
    made = device(HERE, programs=(program,), cool_down=timedelta(hours=1)).made_as
    assert (made.programs, made.limits.cool_down) == ((program,), timedelta(hours=1))


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"product": "hoover"}, "home.devices[0].product: 'hoover' is none of mask, rf"),
        ({"uid": "0011"}, "home.devices[0].uid: '0011' is no device uid: expected 16 lower-case hex digits"),
        ({"seed": "one"}, "home.devices[0].seed: expected a whole number, not 'one'"),
        ({"clock_is_set": 1}, "home.devices[0].clock_is_set: expected true or false, not 1"),
        ({"transport": {"over": "pigeon"}}, "home.devices[0].transport.over: 'pigeon' is none of ble, wifi"),
        (
            {"transport": {"over": "wifi", "host": "broker", "port": 1883}},
            "home.devices[0].transport.password: expected a text, not None",
        ),
        ({"colour": "red"}, "home.devices[0]: unknown: colour"),
        (
            {"programs": [{"planned_s": 60, "level": 1, "zones": ["ear"]}]},
            "home.devices[0].programs[0].zones[0]: 'ear' is none of forehead, ",
        ),
        (
            {"programs": [{"planned_s": 60, "level": 1, "zones": ["nose"]}]},
            "home.devices[0].programs[0]: is beyond the limits or zones of the mask",
        ),
    ],
)
def test_a_wrong_device_is_refused_with_its_path_and_the_reason(change, refusal):
    definition = dump_home(home(HERE, device(HERE)))
    definition["devices"][0] |= change
    with pytest.raises(DefinitionError) as error:
        load_home(json.dumps(definition))
    assert str(error.value).startswith(refusal)


def test_a_socket_whose_path_is_too_long_is_refused_with_its_length():
    definition = dump_home(home(HERE, device(HERE)))
    assert load_home(json.dumps(definition | {"socket": "s" * 107})).socket == Path("s" * 107)
    with pytest.raises(DefinitionError, match=r"home.socket: s+ has 108 bytes, and the path of a socket 107 at most"):
        load_home(json.dumps(definition | {"socket": "s" * 108}))


def test_a_script_cannot_begin_a_programme_that_the_device_does_not_have():
    definition = dump_home(home(HERE, device(HERE, step(0, Begin(4)))))
    with pytest.raises(DefinitionError, match=r"home.devices\[0\].script\[0\]: there is no programme 4 among 4"):
        load_home(json.dumps(definition))


def test_what_is_no_json_is_refused():
    with pytest.raises(DefinitionError, match="home: is no JSON"):
        load_home(b"{")
