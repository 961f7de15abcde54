"""The names that BlueZ has on D-Bus."""

from typing import Final

BLUEZ: Final = "org.bluez"
BLUEZ_PATH: Final = "/org/bluez"

ADAPTER: Final = "org.bluez.Adapter1"
DEVICE: Final = "org.bluez.Device1"
GATT_SERVICE: Final = "org.bluez.GattService1"
GATT_CHARACTERISTIC: Final = "org.bluez.GattCharacteristic1"
GATT_DESCRIPTOR: Final = "org.bluez.GattDescriptor1"
AGENTS: Final = "org.bluez.AgentManager1"
AGENT: Final = "org.bluez.Agent1"

OBJECTS: Final = "org.freedesktop.DBus.ObjectManager"
PROPERTIES: Final = "org.freedesktop.DBus.Properties"
PEER: Final = "org.freedesktop.DBus.Peer"
INTROSPECTABLE: Final = "org.freedesktop.DBus.Introspectable"
