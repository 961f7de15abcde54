"""The battery: enough for the day, whatever a person does."""

from datetime import timedelta

from firmware_bridge.virtual.physics.battery import Battery

TEN_MINUTES = timedelta(minutes=10)


def test_a_charge_lasts_for_at_least_seven_sessions_of_ten_minutes():
    battery = Battery(1.0)
    for _ in range(7):
        battery.drain(TEN_MINUTES)
    assert battery.percent >= 10


def test_a_night_on_the_stand_fills_it():
    battery = Battery(0.0)
    battery.rest(timedelta(hours=8))
    assert battery.percent == 100


def test_it_is_never_less_than_empty():
    battery = Battery(0.1)
    battery.drain(timedelta(hours=8))
    assert battery.percent == 0
