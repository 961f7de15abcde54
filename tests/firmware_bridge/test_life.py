"""A device and its person, from history to the present, without a radio."""

from dataclasses import replace
from datetime import timedelta
from itertools import groupby

import pytest

from firmware_bridge.virtual.definitions import Wifi
from firmware_bridge.virtual.hets.codes import EndReason, Fault, Result
from firmware_bridge.virtual.journal import (
    BeginLine,
    EndLine,
    LinkEvent,
    LinkLine,
    PowerLine,
    PressLine,
    RecordLine,
    RefusedLine,
    SampleLine,
    read_journal,
)
from firmware_bridge.virtual.life import Life
from firmware_bridge.virtual.people import Begin, Deed
from tests.firmware_bridge.homes import BEGAN, REAL, device, session, step

DAY_S = 86400
EVENING = timedelta(hours=2)
SEEDS = range(12)
RF_MINUTES = 240


class Listener:
    """A radio that writes down what is asked of it."""

    def __init__(self):
        self.asked = []

    def is_followed(self):
        return False

    def tell(self, happening):
        self.asked.append(type(happening).__name__)

    def open_pairing(self):
        self.asked.append("open pairing")

    def appear(self):
        self.asked.append("appear")

    def vanish(self):
        self.asked.append("vanish")

    def die(self):
        self.asked.append("die")


def journal_of(definition, step_s=None):
    """Live an evening in one go, or in steps as a home that keeps up with the clock does."""
    life = Life(definition, BEGAN, lambda: REAL)
    life.relive()
    for second in range(0, 7200, step_s or 7200):
        life.live(BEGAN + timedelta(seconds=second))
    life.live(BEGAN + EVENING)
    life.close()
    return read_journal(definition.journal)


def of(kind, lines):
    return [line for line in lines if isinstance(line, kind)]


def rf_evening(tmp_path, seed, *mishaps):
    script = (*session(10, lasting_s=RF_MINUTES), *mishaps)
    return journal_of(device(tmp_path, *script, product="rf", seed=seed))


def longest(samples, holds):
    runs = groupby(map(holds, samples))
    return max((len(list(run)) for held, run in runs if held), default=0)


def test_history_is_lived_before_the_scenario_starts(tmp_path):
    script = [act for day in range(1, 15) for act in session(-day * DAY_S)]
    definition = device(tmp_path, *script)
    life = Life(definition, BEGAN, lambda: REAL)
    life.relive()
    lines = read_journal(definition.journal)
    assert [line.civil for line in of(BeginLine, lines)] == [
        BEGAN - timedelta(days=day) + timedelta(seconds=5) for day in range(14, 0, -1)
    ]
    assert [line.samples for line in of(EndLine, lines)] == [600] * 14
    assert len(of(RecordLine, lines)) == 14
    life.close()


def test_what_belongs_to_the_scenario_is_not_lived_as_history(tmp_path):
    definition = device(tmp_path, step(-60, Deed.PUT_ON), step(0, Begin(0)))
    life = Life(definition, BEGAN, lambda: REAL)
    life.relive()
    assert of(BeginLine, read_journal(definition.journal)) == []
    life.close()


def test_a_life_is_the_same_however_time_is_cut(tmp_path):
    whole = journal_of(device(tmp_path, *session(10), *session(2000)))
    cut = journal_of(device(tmp_path, *session(10), *session(2000)), step_s=7)
    assert of(SampleLine, whole) == of(SampleLine, cut)
    assert of(RecordLine, whole) == of(RecordLine, cut)


def test_another_seed_is_another_life(tmp_path):
    one, other = (of(RecordLine, journal_of(device(tmp_path, *session(10), seed=seed))) for seed in (1, 2))
    assert one[0].record != other[0].record


def test_a_sample_of_the_journal_carries_the_frame_and_what_it_says(tmp_path):
    sample = of(SampleLine, journal_of(device(tmp_path, *session(10))))[299]
    assert (sample.sequence, sample.civil) == (299, BEGAN + timedelta(seconds=315))
    assert int.from_bytes(sample.live[2:4], "little") == 299
    assert int.from_bytes(sample.live[12:14], "little") == round(sample.skin_celsius * 100)


def test_a_clock_that_is_set_gives_civil_time(tmp_path):
    lines = journal_of(device(tmp_path, *session(10, lasting_s=RF_MINUTES), product="rf", clock_is_set=True))
    record = of(RecordLine, lines)[0].record
    since_2000 = (BEGAN + timedelta(seconds=15)).timestamp() - 946_684_800
    assert (int.from_bytes(record[10:16], "little"), record[16]) == (since_2000, 0b10)


def test_a_start_without_contact_is_refused_and_noted(tmp_path):
    lines = journal_of(device(tmp_path, step(10, Begin(1)), product="rf"))
    assert [(line.program, line.result) for line in of(RefusedLine, lines)] == [(1, Result.CONTACT)]


def test_a_press_is_noted(tmp_path):
    lines = journal_of(device(tmp_path, step(10, Begin(1)), product="rf"))
    assert [line.civil for line in of(PressLine, lines)] == [BEGAN + timedelta(seconds=10)]


def test_a_device_lives_alike_whatever_it_is_reached_over(tmp_path):
    over_ble = device(tmp_path, *session(10))
    over_wifi = replace(over_ble, transport=Wifi(host="nowhere", port=1883, password=""), journal=tmp_path / "twin")
    assert journal_of(over_ble) == journal_of(over_wifi)


def test_a_stop_ends_a_session(tmp_path):
    lines = journal_of(device(tmp_path, *session(10), step(115, Deed.STOP)))
    assert [(line.reason, line.samples) for line in of(EndLine, lines)] == [(EndReason.USER, 100)]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_normal_evening_is_without_fault(tmp_path, seed):
    lines = rf_evening(tmp_path, seed)
    assert [(line.reason, line.samples) for line in of(EndLine, lines)] == [(EndReason.DONE, RF_MINUTES)]
    assert of(RecordLine, lines)[0].record[50:52] == b"\0\0"


@pytest.mark.parametrize("seed", SEEDS)
def test_a_failed_cut_off_overheats_for_longer_than_anybody_can_miss(tmp_path, seed):
    lines = rf_evening(tmp_path, seed, step(60, Deed.CUT_OFF_FAILS))
    assert longest(of(SampleLine, lines), lambda sample: sample.skin_celsius > 43.2) > 10
    assert [line.reason for line in of(EndLine, lines)] == [EndReason.DONE]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_head_that_stalls_is_cut_off_at_42_degrees(tmp_path, seed):
    lines = rf_evening(tmp_path, seed, step(60, Deed.HEAD_STALLS))
    assert [line.reason for line in of(EndLine, lines)] == [EndReason.OVER_TEMPERATURE]
    assert of(RecordLine, lines)[0].record[50] == 1 << Fault.OVER_TEMPERATURE
    hottest = max(sample.skin_celsius for sample in of(SampleLine, lines))
    assert 41.5 <= hottest < 42.8


@pytest.mark.parametrize("seed", SEEDS)
def test_a_dry_electrode_loses_contact_for_longer_than_anybody_can_miss(tmp_path, seed):
    samples = of(SampleLine, rf_evening(tmp_path, seed, step(60, Deed.GEL_DRIES)))
    assert sum(not sample.contact for sample in samples) >= 20
    assert longest(samples, lambda sample: not sample.contact) > 5


def test_a_mask_that_is_taken_off_shines_on_nobody(tmp_path):
    script = (*session(10), step(115, Deed.TAKE_OFF))
    samples = of(SampleLine, journal_of(device(tmp_path, *script)))
    assert not any(sample.contact for sample in samples[100:])
    assert len(samples) == 600


def test_a_head_that_is_put_on_again_glides_again(tmp_path):
    again = (step(61, Deed.TAKE_OFF), step(65, Deed.PUT_ON))
    lines = rf_evening(tmp_path, 1, step(60, Deed.HEAD_STALLS), *again)
    assert [line.reason for line in of(EndLine, lines)] == [EndReason.DONE]


def test_new_gel_brings_contact_back(tmp_path):
    samples = of(SampleLine, rf_evening(tmp_path, 1, step(60, Deed.GEL_DRIES), step(100, Deed.GEL_RENEWED)))
    assert longest(samples[90:], lambda sample: not sample.contact) <= 2


@pytest.mark.parametrize("seed", SEEDS)
def test_a_mask_on_the_table_is_cold_and_touches_nobody(tmp_path, seed):
    samples = of(SampleLine, journal_of(device(tmp_path, step(10, Begin(0)), seed=seed)))
    assert not any(sample.contact for sample in samples)
    assert max(sample.skin_celsius for sample in samples) < 30


def test_a_loss_of_power_ends_a_session_and_its_record_follows_when_power_is_back(tmp_path):
    lines = journal_of(device(tmp_path, *session(10), step(115, Deed.POWER_LOST), step(200, Deed.POWER_BACK)))
    off, on = of(PowerLine, lines)[1:]
    (end,), (record,) = of(EndLine, lines), of(RecordLine, lines)
    assert (end.reason, end.samples, end.civil) == (EndReason.POWER_LOST, 100, off.civil)
    assert (on.timeline, record.civil, record.record[29]) == (2, on.civil, 7)


def test_deeds_reach_the_radio(tmp_path):
    deeds = [
        Deed.OPEN_PAIRING,
        Deed.OUT_OF_RANGE,
        Deed.IN_RANGE,
        Deed.POWER_LOST,
        Deed.OPEN_PAIRING,
        Deed.POWER_BACK,
    ]
    definition = device(tmp_path, *(step(at_s, deed) for at_s, deed in enumerate(deeds)))
    life = Life(definition, BEGAN, lambda: REAL)
    life.relive()
    life.radio = radio = Listener()
    life.live(BEGAN + timedelta(seconds=60))
    assert [asked for asked in radio.asked if asked.islower()] == ["open pairing", "vanish", "appear", "die", "appear"]
    life.close()


def test_a_device_without_power_does_not_appear_when_it_comes_into_range(tmp_path):
    deeds = [Deed.OUT_OF_RANGE, Deed.POWER_LOST, Deed.IN_RANGE]
    definition = device(tmp_path, *(step(at_s, deed) for at_s, deed in enumerate(deeds)))
    life = Life(definition, BEGAN, lambda: REAL)
    life.radio = radio = Listener()
    life.live(BEGAN + timedelta(seconds=60))
    assert "appear" not in radio.asked
    assert not life.is_audible
    life.close()


def test_range_is_noted(tmp_path):
    lines = journal_of(device(tmp_path, step(10, Deed.OUT_OF_RANGE), step(20, Deed.IN_RANGE)))
    assert [(line.event, line.civil) for line in of(LinkLine, lines)] == [
        (LinkEvent.OUT_OF_RANGE, BEGAN + timedelta(seconds=10)),
        (LinkEvent.IN_RANGE, BEGAN + timedelta(seconds=20)),
    ]


def test_what_is_due_is_the_next_step_or_the_next_second(tmp_path):
    life = Life(device(tmp_path, step(0.4, Deed.PUT_ON), step(0.5, Begin(0))), BEGAN, lambda: REAL)
    life.live(BEGAN)
    assert life.due == BEGAN + timedelta(seconds=0.4)
    life.live(BEGAN + timedelta(seconds=0.5))
    assert life.due == BEGAN + timedelta(seconds=1.5)
    life.close()
