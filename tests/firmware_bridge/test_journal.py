"""The journal: what a device did, line by line, readable while it is being written."""

from datetime import UTC, datetime, timedelta

import pytest

from firmware_bridge.virtual.errors import DefinitionError
from firmware_bridge.virtual.hets.clock import Tick
from firmware_bridge.virtual.hets.codes import EndReason, Fault, Result, State
from firmware_bridge.virtual.hets.happenings import (
    Began,
    Ended,
    PowerChanged,
    Pressed,
    Recorded,
    Refused,
    Sampled,
    StateChanged,
)
from firmware_bridge.virtual.hets.layouts import StateReport
from firmware_bridge.virtual.journal import (
    BeginLine,
    EndLine,
    Journal,
    JournalReader,
    LinkEvent,
    LinkLine,
    PowerLine,
    PressLine,
    RecordLine,
    RefusedLine,
    SampleLine,
    StateLine,
    read_journal,
)
from firmware_bridge.virtual.physics.sensing import Sensed
from tests.vectors import VECTORS

REAL = datetime(2031, 5, 6, 7, 8, 9, 123456, tzinfo=UTC)
CIVIL = datetime(2031, 4, 5, 20, 0, 1, tzinfo=UTC)
WHEN = {"real": REAL, "civil": CIVIL}
AT = timedelta(seconds=1)
SENSED = Sensed(9.87654, 9.87654, 40.25, 361.5, contact=True, moving=True)
LOCKED = StateReport(
    state=State.LOCKED,
    lockout=0x10,
    newest=42,
    oldest=7,
    timeline=3,
    lockout_minutes=718,
    faults=frozenset({Fault.OVER_TEMPERATURE}),
    battery_percent=81,
    sessions_left=35,
)
LOCKED_BYTES = bytes.fromhex(VECTORS["state"]["hex"])

PAIRS = [
    (PowerChanged(AT, on=True, timeline=3), PowerLine(**WHEN, on=True, timeline=3)),
    (Pressed(AT, Tick(3, 1)), PressLine(**WHEN)),
    (Began(AT, 7, 2, timedelta(minutes=15)), BeginLine(**WHEN, counter=7, program=2, planned=timedelta(minutes=15))),
    (Refused(AT, 1, Result.CONTACT), RefusedLine(**WHEN, program=1, result=Result.CONTACT)),
    (
        Sampled(AT, 7, 299, SENSED, 437.25, b"\x02\x03"),
        SampleLine(
            **WHEN,
            counter=7,
            sequence=299,
            level=9.8765,
            dose=437.25,
            skin_celsius=40.25,
            impedance_ohm=361.5,
            contact=True,
            live=b"\x02\x03",
        ),
    ),
    (Ended(AT, 7, EndReason.USER, 300), EndLine(**WHEN, counter=7, reason=EndReason.USER, samples=300)),
    (Recorded(AT, 7, bytes(56)), RecordLine(**WHEN, counter=7, record=bytes(56))),
    (StateChanged(AT, LOCKED), StateLine(**WHEN, state=State.LOCKED, report=LOCKED_BYTES)),
]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "device.jsonl"


@pytest.fixture
def journal(path):
    with Journal(path, lambda: REAL) as journal:
        yield journal


@pytest.mark.parametrize(("happening", "line"), PAIRS, ids=[type(line).__name__ for _, line in PAIRS])
def test_what_happened_reads_as_a_line_of_its_kind(path, journal, happening, line):
    journal.write(happening, CIVIL)
    assert read_journal(path) == (line,)


def test_what_happened_to_the_radio_reads_as_a_line(path, journal):
    journal.note_link(LinkEvent.OUT_OF_RANGE, CIVIL)
    assert read_journal(path) == (LinkLine(**WHEN, event=LinkEvent.OUT_OF_RANGE),)


def test_a_line_can_be_read_as_soon_as_it_is_written(path, journal):
    for count in range(1, 4):
        journal.note_link(LinkEvent.CONNECTED, CIVIL)
        assert len(read_journal(path)) == count


def test_a_reader_reads_what_is_new_and_gives_all_of_it(path, journal):
    reader = JournalReader(path)
    journal.note_link(LinkEvent.CONNECTED, CIVIL)
    with path.open("a") as file:
        file.write('{"real":"2031-05-06T07:08:09Z",')
    first = reader.lines()
    with path.open("a") as file:
        file.write('"civil":"2031-05-06T07:08:09Z","kind":"press"}\n')
    assert [type(line) for line in first] == [LinkLine]
    assert [type(line) for line in reader.lines()] == [LinkLine, PressLine]
    assert reader.lines() == read_journal(path)


def test_a_line_that_was_cut_off_by_a_kill_is_left_out(path, journal):
    journal.note_link(LinkEvent.CONNECTED, CIVIL)
    with path.open("a") as file:
        file.write('{"real":"2031-0')
    assert len(read_journal(path)) == 1


@pytest.mark.parametrize(
    ("line", "refusal"),
    [
        ("no json", "device.jsonl:1: is no JSON"),
        ("[]", "device.jsonl:1: expected an object"),
        ('{"real":"2031-05-06T07:08:09"}', "device.jsonl:1.real: a time without its offset from UTC"),
        ('{"real":"2031-05-06T07:08:09Z","civil":"now"}', "device.jsonl:1.civil: Invalid isoformat"),
        (
            '{"real":"2031-05-06T07:08:09Z","civil":"2031-05-06T07:08:09Z","kind":"tale"}',
            "device.jsonl:1.kind: 'tale' is none of power, begin, ",
        ),
        (
            '{"real":"2031-05-06T07:08:09Z","civil":"2031-05-06T07:08:09Z","kind":"record","counter":1,"record":"xy"}',
            "device.jsonl:1.record: non-hexadecimal",
        ),
    ],
)
def test_a_line_that_is_none_is_refused_with_its_number(path, line, refusal):
    path.write_text(line + "\n")
    with pytest.raises(DefinitionError) as error:
        read_journal(path)
    assert str(error.value).startswith(refusal)
