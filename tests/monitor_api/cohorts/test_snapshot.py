"""The snapshot: what is read is what was written, and a reader sees a whole file or none."""

from dataclasses import replace

import duckdb
import pytest

from firmware_bridge.virtual.cohort.span import Cohort
from lumenward.replay.cases import cohort_cases
from monitor_api.cohorts.snapshot import count_people, read_snapshot, write_snapshot
from monitor_api.errors import SnapshotUnreadable

COHORT = Cohort(seed=2, days=21)


@pytest.fixture(scope="module")
def cases():
    return tuple(cohort_cases(COHORT, range(30)))


def test_people_come_back_to_the_bit_those_without_a_session_too(tmp_path, cases):
    idle = replace(cases[0], kept=(), course=replace(cases[0].course, sessions=()))
    people = (idle, *cases)
    assert write_snapshot(tmp_path / "s.parquet", people) == sum(len(case.kept) for case in cases)
    assert tuple(read_snapshot(tmp_path / "s.parquet", 0, len(people))) == people
    assert count_people(tmp_path / "s.parquet") == len(people)


def test_some_of_the_people_can_be_read_alone(tmp_path, cases):
    write_snapshot(tmp_path / "s.parquet", cases)
    assert tuple(read_snapshot(tmp_path / "s.parquet", 7, 9)) == cases[7:9]


def test_an_empty_snapshot_has_nobody(tmp_path):
    assert write_snapshot(tmp_path / "s.parquet", ()) == 0
    assert count_people(tmp_path / "s.parquet") == 0


def test_a_writing_that_fails_leaves_the_file_as_it_was_and_nothing_beside_it(tmp_path, cases):
    path = tmp_path / "s.parquet"
    write_snapshot(path, cases[:3])

    def broken():
        yield cases[0]
        raise LookupError("no more people")

    with pytest.raises(LookupError, match="no more people"):
        write_snapshot(path, broken())
    assert count_people(path) == 3
    assert list(tmp_path.iterdir()) == [path]


def test_any_reader_of_parquet_sees_the_figures_of_sessions(tmp_path, cases):
    write_snapshot(tmp_path / "s.parquet", cases)
    active = sum(one.past.active.total_seconds() for case in cases for one in case.kept)
    ((found,),) = duckdb.read_parquet(str(tmp_path / "s.parquet")).sum("active_s").fetchall()
    assert found == active


def test_a_file_that_is_none_is_refused_in_words(tmp_path):
    (tmp_path / "s.parquet").write_text("hello")
    with pytest.raises(SnapshotUnreadable, match=r"s\.parquet is not a snapshot"):
        count_people(tmp_path / "s.parquet")


def test_a_snapshot_of_another_version_is_refused_in_words(tmp_path, cases):
    path, other = tmp_path / "s.parquet", tmp_path / "other.parquet"
    write_snapshot(path, cases[:3])
    with duckdb.connect() as store:
        told = "SELECT * REPLACE (replace(person, '\"missing\":', '\"lost\":') AS person)"
        store.execute(f"COPY ({told} FROM read_parquet('{path}')) TO '{other}' (FORMAT parquet)")
    with pytest.raises(SnapshotUnreadable, match=r"other\.parquet .* another version of Lumenward wrote it"):
        tuple(read_snapshot(other, 0, 3))
