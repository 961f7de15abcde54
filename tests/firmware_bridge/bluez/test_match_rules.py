"""Which signals a rule asks for."""

import pytest
from dbus_fast import Message
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.virtual.bluez.match_rules import matches, parse_rule

DEVICE = "/org/bluez/hci0/dev_C0"
ADDED = Message.new_signal("/", "org.freedesktop.DBus.ObjectManager", "InterfacesAdded", "oa{sa{sv}}", [DEVICE, {}])
CHANGED = Message.new_signal(
    DEVICE, "org.freedesktop.DBus.Properties", "PropertiesChanged", "sa{sv}as", ["org.bluez.Device1", {}, []]
)


@pytest.mark.parametrize(
    ("rule", "added", "changed"),
    [
        ("", True, True),
        ("type='signal',sender='org.bluez'", True, True),
        ("member=InterfacesAdded", True, False),
        ("type=signal,interface='org.freedesktop.DBus.Properties'", False, True),
        ("path='/'", True, False),
        ("path_namespace='/org/bluez'", False, True),
        ("path_namespace='/org/blue'", False, False),
        ("path_namespace='/'", True, True),
        ("arg0path='/org/bluez/'", True, False),
        (f"arg0path='{DEVICE}'", True, False),
        ("arg0path='/org/bluez'", False, False),
        ("arg0='org.bluez.Device1'", False, True),
        ("member='PropertiesChanged',path='/elsewhere'", False, False),
    ],
)
def test_a_rule_matches_as_the_specification_says(rule, added, changed):
    assert (matches(parse_rule(rule), ADDED), matches(parse_rule(rule), CHANGED)) == (added, changed)


@given(st.text())
def test_any_text_is_a_rule(text):
    assert matches(parse_rule(text), CHANGED) in (True, False)
