"""The service's own snapshot: as the stores are, read anew only where facts are new, and whole whatever dies."""

from contextlib import closing
from datetime import UTC, datetime, timedelta
from threading import Event

import duckdb
import pytest
from sqlalchemy import delete, update

from monitor_api.cohorts.keeping import SnapshotKeeper
from monitor_api.cohorts.snapshot import count_people, held, known_people, newest, read_snapshot
from monitor_api.cohorts.stored import stored_cases, stored_people
from monitor_api.errors import SnapshotBusy, SnapshotUnwritten, WorkStopped
from monitor_api.records.columns import Table
from monitor_api.records.courses import CourseDueRow
from monitor_api.records.devices import DeviceRow
from monitor_api.records.people import PatientRow
from monitor_api.records.sessions import SessionRow
from tests.kills.dying import Steps, in_child
from tests.monitor_api.check.line import OTHER_PATIENT, Line, ago, stored
from tests.records import rf_record
from tests.service import CLINIC, PATIENT, UID, key_of, rf_samples
from vocabulary.identity import DeviceUid, session_id

OTHERS = DeviceUid("00000000000000aa")
NOW = datetime.now(UTC).replace(microsecond=0)
LATER = NOW + timedelta(hours=1)


class Counted:
    """Telemetry that notes which sessions are read; each reading is a step at which a process may be killed."""

    def __init__(self, inner, steps=None):
        self._inner, self.read, self._steps = inner, [], steps or Steps(None)

    def series(self, key):
        self._steps.step()
        self.read.append(key.session)
        return self._inner.series(key)


def lived_in(directory):
    """Two patients, each with a device and a session of it."""
    line = Line(directory)
    line.meet(OTHER_PATIENT)
    line.add_device(OTHERS, OTHER_PATIENT)
    line.know(stored(rf_record(1, start=ago(60))), rf_samples(0), stored(rf_record(7, start=ago(50)), device=OTHERS))
    return line


@pytest.fixture
def line(tmp_path):
    line = lived_in(tmp_path)
    with closing(line.stores):
        yield line


@pytest.fixture
def on_both(data):
    line = lived_in(data)
    with closing(line.stores):
        yield line


@pytest.fixture
def place(tmp_path):
    return tmp_path / "snapshot" / "sessions.parquet"


def refresh(line, place, now=NOW, steps=None):
    """Refreshes, and gives the sessions whose samples were read."""
    telemetry = Counted(line.stores.telemetry, steps)
    with SnapshotKeeper(place=place, database=line.stores.database, telemetry=telemetry).refreshed(now, Event()) as put:
        telemetry._steps.step()
        put()
        telemetry._steps.step()
    return telemetry.read


def in_the_stores(line, now=NOW):
    keys = stored_people(line.stores.database)
    return by_patient(stored_cases(line.stores.database, line.stores.telemetry, keys, now))


def in_the_snapshot(place):
    return by_patient(read_snapshot(place, 0, count_people(place)))


def by_patient(cases):
    return {case.course.patient: case for case in cases}


def theirs(counter, device=UID):
    return session_id(device, counter)


def test_it_is_as_the_stores_are_and_says_as_of_when(line, place):
    assert set(refresh(line, place)) == {theirs(1), theirs(7, OTHERS)}
    assert in_the_snapshot(place) == in_the_stores(line)
    assert newest(place) == NOW
    assert datetime.fromtimestamp(place.stat().st_mtime, UTC) == NOW
    assert list(place.parent.iterdir()) == [place]


def test_nobody_without_a_new_fact_is_read_again(line, place):
    before = refresh(line, place) and in_the_snapshot(place)
    assert refresh(line, place, LATER) == []
    assert (in_the_snapshot(place), newest(place)) == (before, LATER)


def test_whoever_has_a_new_session_is_read_again_and_nobody_else(on_both, place):
    refresh(on_both, place)
    on_both.know(stored(rf_record(2, start=ago(20))))
    assert set(refresh(on_both, place, LATER)) == {theirs(1), theirs(2)}
    assert in_the_snapshot(place) == in_the_stores(on_both, LATER)
    assert len(in_the_snapshot(place)[PATIENT].kept) == 2
    assert refresh(on_both, place, LATER) == []


def test_a_session_that_changes_hands_is_read_again_with_both(on_both, place):
    refresh(on_both, place)
    on_both.reassign(UID, OTHER_PATIENT)
    on_both.check()
    assert set(refresh(on_both, place, LATER)) == {theirs(1), theirs(7, OTHERS)}
    assert in_the_snapshot(place) == in_the_stores(on_both, LATER)
    assert in_the_snapshot(place)[PATIENT].kept == ()


def test_what_is_of_a_person_is_new_although_their_sessions_are_not_read(line, place):
    refresh(line, place)
    with line.stores.database.write() as session:
        session.execute(update(DeviceRow).where(DeviceRow.uid == UID).values(heard_at=LATER, firmware="2.0"))
    assert refresh(line, place, LATER) == []
    assert in_the_snapshot(place) == in_the_stores(line, LATER)
    assert in_the_snapshot(place)[PATIENT].course.devices[0].firmware == "2.0"


def test_a_store_that_went_back_to_a_backup_and_on_is_not_taken_for_the_one_before(line, place):
    refresh(line, place)
    with line.stores.database.write() as session:
        of_ours = SessionRow.id == key_of().session
        session.execute(update(SessionRow).where(of_ours).values(active_s=77, checked_at=LATER))
        assert session.get_one(CourseDueRow, (CLINIC, PATIENT)).generation
    assert refresh(line, place, LATER) == [theirs(1)]
    assert in_the_snapshot(place) == in_the_stores(line, LATER)


def test_who_is_erased_from_the_store_leaves_the_snapshot_and_nothing_of_them_stays_beside_it(on_both, place):
    refresh(on_both, place)
    with on_both.stores.database.write() as session:
        for table in reversed(Table.metadata.sorted_tables):
            if "patient_id" in table.c:
                session.execute(delete(table).where(table.c.patient_id == OTHER_PATIENT))
        session.execute(delete(PatientRow).where(PatientRow.id == OTHER_PATIENT))
    assert refresh(on_both, place, LATER) == []
    assert in_the_snapshot(place).keys() == {PATIENT}
    assert in_the_snapshot(place) == in_the_stores(on_both, LATER)
    assert list(place.parent.iterdir()) == [place]
    assert str(OTHER_PATIENT).encode() not in place.read_bytes()


def test_at_whatever_step_a_writer_dies_readers_have_a_whole_snapshot_and_the_next_one_is_right(line, place):
    refresh(line, place)
    old = in_the_snapshot(place)
    line.know(stored(rf_record(2, start=ago(20))), stored(rf_record(8, start=ago(10)), device=OTHERS))
    new = in_the_stores(line, LATER)
    line.stores.database.engine.dispose()
    for step in range(1, 7):
        assert in_child(lambda steps: refresh(line, place, LATER, steps), step) is None
        assert in_the_snapshot(place) == (new if step == 6 else old), f"killed at step {step}"
    refresh(line, place, LATER)
    assert in_the_snapshot(place) == new
    assert list(place.parent.iterdir()) == [place]


def test_one_that_is_not_put_in_its_place_leaves_the_one_before(line, place):
    refresh(line, place)
    line.know(stored(rf_record(2, start=ago(20))))
    keeper = SnapshotKeeper(place=place, database=line.stores.database, telemetry=line.stores.telemetry)
    with keeper.refreshed(LATER, Event()):
        pass
    assert (newest(place), list(place.parent.iterdir())) == (NOW, [place])


def test_one_that_is_asked_to_stop_stops_and_leaves_the_one_before(line, place):
    refresh(line, place)
    keeper = SnapshotKeeper(place=place, database=line.stores.database, telemetry=line.stores.telemetry)
    stop = Event()
    stop.set()
    with pytest.raises(WorkStopped), keeper.refreshed(LATER, stop):
        pass
    assert (newest(place), list(place.parent.iterdir())) == (NOW, [place])


def test_a_place_that_cannot_be_is_told_in_words(line, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SnapshotUnwritten, match="file"):
        refresh(line, tmp_path / "file" / "sessions.parquet")


def test_two_never_write_at_once(line, place):
    keeper = SnapshotKeeper(place=place, database=line.stores.database, telemetry=line.stores.telemetry)
    with keeper.refreshed(NOW, Event()) as put:
        with pytest.raises(SnapshotBusy), keeper.refreshed(LATER, Event()):
            pass
        put()
    assert newest(place) == NOW


def test_what_is_no_snapshot_or_of_another_layout_is_made_anew_from_everybody(line, place):
    refresh(line, place)
    other = place.with_name("other.parquet")
    duckdb.execute(f"COPY (FROM '{place}') TO '{other}' (FORMAT parquet, KV_METADATA {{layout: 'of before'}})")
    for broken in (other.read_bytes(), b"hello", place.read_bytes()[:-100]):
        place.write_bytes(broken)
        assert known_people(place) == {}
        assert len(refresh(line, place)) == 2
        assert in_the_snapshot(place) == in_the_stores(line)


def test_a_part_of_the_one_before_that_cannot_be_read_costs_a_reading_of_everybody(line, place):
    refresh(line, place)
    data = place.read_bytes()
    packed = data.index(b"PAR1") + 4
    place.write_bytes(data[:packed] + bytes(len(data) // 2 - packed) + data[len(data) // 2 :])
    assert len(refresh(line, place)) == 2
    assert in_the_snapshot(place) == in_the_stores(line)


def test_who_holds_a_snapshot_reads_that_one_although_another_takes_its_place(line, place):
    refresh(line, place)
    with held(place) as steady:
        before = list(read_snapshot(steady, 0, 2))
        line.know(stored(rf_record(2, start=ago(20))))
        refresh(line, place, LATER)
        assert list(read_snapshot(steady, 0, 2)) == before
        assert newest(steady) == NOW
    assert newest(place) == LATER
