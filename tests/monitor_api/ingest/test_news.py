"""The first state of a device that says how many sessions there are is news for the courses of its patients."""

from contextlib import closing
from uuid import UUID

import pytest
from sqlalchemy import delete, event

from monitor_api.records.courses import CourseDueRow
from monitor_api.records.devices import DeviceRow, GatewayKeyRow, GatewayRow
from monitor_api.records.key_wrap import KeyWrap
from monitor_api.records.people import ClinicRow, PatientRow
from tests.monitor_api.check.line import Line, ago, assignment
from tests.service import KEY, PATIENT, SECRET, UID, FakeBroker, Sealer, rf_device, rows
from vocabulary.devices import DeviceState
from vocabulary.identity import GatewayId
from vocabulary.wire.batches import ReportedMark

ELSEWHERE, OTHER_GATEWAY, OTHERS = UUID(int=101), GatewayId("gw-02"), UUID(int=102)


@pytest.fixture
def line(data):
    with closing((made := Line(data)).stores):
        yield made


@pytest.fixture
def on_sqlite(tmp_path):
    with closing((made := Line(tmp_path)).stores):
        yield made


def mark(hours, state=DeviceState.READY, device=UID):
    return ReportedMark(device=device, at=ago(hours), state=state, newest=1, timeline=1)


def news(line, *items):
    """Whose courses are due for what a batch says."""
    forget_due(line)
    line.bring(*items)
    return {row.patient_id for row in rows(line.stores, CourseDueRow)}


def forget_due(line):
    with line.stores.database.write() as session:
        session.execute(delete(CourseDueRow))


def test_the_first_state_is_news_and_a_later_one_or_the_same_once_more_is_none(line):
    line.bring(rf_device())
    assert news(line, mark(5)) == {PATIENT}
    assert news(line, mark(4)) == set()
    assert news(line, mark(4)) == set()


def test_an_older_state_that_arrives_later_is_news_again(line):
    line.bring(rf_device(), mark(5))
    assert news(line, mark(4), mark(6)) == {PATIENT}


def test_a_batch_that_comes_again_brings_no_news(line):
    arrival = line.gateway.batch(rf_device(), mark(5))
    line.worker.handle([arrival], FakeBroker(), bool)
    forget_due(line)
    line.worker.handle([arrival], FakeBroker(), bool)
    assert rows(line.stores, CourseDueRow) == []


def test_a_state_of_a_device_that_emits_is_no_news_and_takes_none_from_the_first_after_it(line):
    line.bring(rf_device())
    assert news(line, mark(5, DeviceState.EMITTING)) == set()
    assert news(line, mark(4), mark(3, DeviceState.EMITTING)) == {PATIENT}
    assert news(line, mark(6, DeviceState.EMITTING)) == set()


def test_one_uid_in_two_clinics_is_news_in_each_for_itself(line):
    add_clinic(line)
    line.bring(rf_device(), mark(9))
    forget_due(line)
    arrivals = [line.gateway.batch(mark(5)), Sealer(epoch=2).batch(mark(5), gateway=OTHER_GATEWAY)]
    line.worker.handle(arrivals, FakeBroker(), bool)
    assert {(row.clinic_id, row.patient_id) for row in rows(line.stores, CourseDueRow)} == {(ELSEWHERE, OTHERS)}


def add_clinic(line):
    """Another clinic, where the same uid is another patient's device."""
    wrapped = KeyWrap(SECRET).wrap(OTHER_GATEWAY, KEY)
    theirs = assignment(UID, OTHERS)
    theirs.clinic_id = ELSEWHERE
    patient = PatientRow(
        id=OTHERS, clinic_id=ELSEWHERE, name="O", reference="1", born=None, zone="UTC", created_at=ago(999)
    )
    with line.stores.database.write() as session:
        for row in (
            ClinicRow(id=ELSEWHERE, name="E", zone="UTC"),
            patient,
            GatewayRow(id=OTHER_GATEWAY, clinic_id=ELSEWHERE, name="o", registered_at=ago(999), heard_at=None),
            GatewayKeyRow(
                gateway_id=OTHER_GATEWAY, key_id=KEY.id, wrapped=wrapped, created_at=ago(999), retired_at=None
            ),
            DeviceRow(
                clinic_id=ELSEWHERE, uid=UID, gateway_id=OTHER_GATEWAY, heard_at=ago(999), first_seen_at=ago(999)
            ),
            theirs,
        ):
            session.add(row)
            session.flush()


@pytest.mark.parametrize(("devices", "more"), [(50, 0), (300, 0), (301, 1)])
def test_many_devices_are_asked_about_in_one_statement_for_each_portion(on_sqlite, devices, more):
    statements = list[str]()
    engine = on_sqlite.stores.database.engine
    event.listen(engine, "before_cursor_execute", lambda *given: statements.append(given[2]))

    def asked(count):
        statements.clear()
        on_sqlite.bring(*(mark(1, device=f"{n:016x}") for n in range(1, count + 1)))
        return sum("mark" in one for one in statements if one.startswith("SELECT"))

    assert asked(devices) == asked(2) + more
