"""A virtual org.bluez: bleak's BlueZ backend, unmodified, on a virtual radio."""

from firmware_bridge.virtual.bluez.faults import Faults
from firmware_bridge.virtual.bluez.refusals import Refusal
from firmware_bridge.virtual.bluez.stack import BluezSettings
from firmware_bridge.virtual.bluez.virtual_bluez import VirtualBluez

__all__ = ["BluezSettings", "Faults", "Refusal", "VirtualBluez"]
