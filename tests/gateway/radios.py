"""A radio that speaks to HETS devices only, for tests."""

from device_drivers.families import HETS
from gateway.ble.hets import HetsSpeech
from gateway.ble.radio import Radio
from gateway.reach import Reach


def hets_radio(book, clock, reach=None):
    return Radio(book, {HETS.name: HetsSpeech(book, clock, reach or Reach())}, clock, None)
