"""The virtual radio: rooms in which Bumble hosts hear each other over real link-layer, L2CAP, ATT and SMP packets."""

from firmware_bridge.virtual.radio.att_pdus import AttPdu, att_pdus, notified_value
from firmware_bridge.virtual.radio.hosts import make_host
from firmware_bridge.virtual.radio.quiet import quiet_bumble
from firmware_bridge.virtual.radio.room import Room
from firmware_bridge.virtual.radio.security import protect_notifying
from firmware_bridge.virtual.radio.trace import Direction, Trace, TracedPacket, attach_trace, read_trace

__all__ = [
    "AttPdu",
    "Direction",
    "Room",
    "Trace",
    "TracedPacket",
    "att_pdus",
    "attach_trace",
    "make_host",
    "notified_value",
    "protect_notifying",
    "quiet_bumble",
    "read_trace",
]
