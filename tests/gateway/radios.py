"""A radio that speaks to HETS devices only, for tests."""

from device_drivers.families import HETS
from gateway.ble.hets import HetsSpeech, Patience
from gateway.ble.radio import Limits, Radio
from gateway.reach import Reach

AS_SHIPPED, PATIENT = Limits(), Patience()


def hets_radio(book, clock, reach=None, *, limits=AS_SHIPPED, patience=PATIENT):
    speech = HetsSpeech(book, clock, reach or Reach(), patience)
    return Radio(book, {HETS.name: speech}, clock, None, limits=limits)
