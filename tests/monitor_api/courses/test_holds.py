"""Holds and pauses are of the modality and of the owner that they were meant for, and stops are no ends."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import update

from clinical.regimen import NO_LIMITS, Prescription
from monitor_api.clock import Moment
from monitor_api.courses.due import CourseKey
from monitor_api.courses.reading import read_course
from monitor_api.orders.asking import Asking, ask_hold, ask_lift
from monitor_api.records.courses import ExcuseRow
from monitor_api.records.devices import AssignmentRow
from monitor_api.records.regimens import write_regimen
from monitor_api.records.sessions import RegimenRow, RegimenStepRow, RegimenVersionRow
from monitor_api.records.trail import Actor, ActorKind
from tests.clinical.courses import excuse, held
from tests.monitor_api.check.line import OTHER_PATIENT, Line
from tests.monitor_api.courses.watched import KEY
from tests.regimens import weekly
from tests.service import CLINIC, PATIENT, REGIMEN, RF_REGIMEN, UID
from vocabulary.devices import Modality
from vocabulary.quantities import Quantity, Unit

OTHER_KEY = CourseKey(CLINIC, OTHER_PATIENT)
SOMEBODY = UUID(int=77)
LED, RF = Modality.LED, Modality.RF
START = datetime.now(UTC).replace(microsecond=0) - timedelta(days=20)
PAUSED = "the treatment is paused"


def day(number: float) -> datetime:
    return START + timedelta(days=number)


@pytest.fixture
def line(tmp_path) -> Iterator[Line]:
    line = Line(tmp_path)
    with closing(line.stores):
        line.know()
        yield line


def course(line: Line, key: CourseKey = KEY):
    with line.stores.database.read() as session:
        return read_course(session, key)


def holds(line: Line, key: CourseKey = KEY):
    return set(course(line, key).holds)


def step(line: Line, name: str, at: datetime) -> None:
    with line.stores.database.write() as session:
        session.add(
            RegimenStepRow(
                id=uuid4(), clinic_id=CLINIC, regimen_id=REGIMEN, step=name, at=at, actor_id=SOMEBODY, because="r"
            )
        )
        if name == "stopped":
            session.get_one(RegimenRow, REGIMEN).ended_at = at


def end(line: Line, at: datetime) -> None:
    with line.stores.database.write() as session:
        session.get_one(RegimenRow, REGIMEN).ended_at = at


BODIES = {
    RF: write_regimen(RF_REGIMEN),
    LED: write_regimen(
        Prescription(
            modality=LED,
            phases=(weekly(3, timedelta(minutes=10), Quantity(18.0, Unit.JOULE_PER_CM2)),),
            limits=NO_LIMITS,
        )
    ),
}


def version(line: Line, number: int, from_at: datetime, signed_at: datetime | None = None) -> None:
    with line.stores.database.write() as session:
        session.add(version_row(REGIMEN, number, RF, from_at, signed_at))


def version_row(which, number, modality, from_at, signed_at):
    return RegimenVersionRow(
        regimen_id=which,
        version=number,
        from_at=from_at,
        prescriber_id=SOMEBODY,
        body=BODIES[modality],
        signed_at=signed_at,
    )


def regimen(line: Line, from_at: datetime, signed_at: datetime | None = None, modality=RF) -> None:
    """A regimen more."""
    which = uuid4()
    with line.stores.database.write() as session:
        session.add(
            RegimenRow(
                id=which, clinic_id=CLINIC, patient_id=PATIENT, modality=modality, created_at=from_at, ended_at=None
            )
        )
        session.flush()
        session.add(version_row(which, 1, modality, from_at, signed_at))


def hold(line: Line, from_at: datetime, lifted_at: datetime | None = None) -> None:
    with line.stores.database.write() as session:
        for at, ask in ((from_at, lambda one: ask_hold(one, None)), (lifted_at, ask_lift)):
            if at is not None:
                ask(
                    Asking(
                        session=session,
                        clinic=CLINIC,
                        device=UID,
                        actor=Actor(kind=ActorKind.USER, id=SOMEBODY),
                        reason="r",
                        now=Moment(civil=at, real=at),
                    )
                )


def lend_on(line: Line, at: datetime) -> None:
    """Give the device to another patient."""
    line.meet(OTHER_PATIENT)
    with line.stores.database.write() as session:
        session.execute(update(AssignmentRow).where(AssignmentRow.device_uid == UID).values(until_at=at))
        session.add(
            AssignmentRow(
                id=uuid4(), clinic_id=CLINIC, device_uid=UID, patient_id=OTHER_PATIENT, from_at=at, until_at=None
            )
        )


def test_a_hold_of_a_treatment_is_of_its_modality_and_ends_with_the_next_step(line):
    step(line, "held", day(1))
    assert holds(line) == {held(day(1), None, RF)}
    step(line, "resumed", day(2))
    assert holds(line) == {held(day(1), day(2), RF)}


def test_a_pause_excuses_its_modality_and_a_time_away_excuses_every_one(line):
    step(line, "paused", day(1))
    step(line, "resumed", day(3))
    with line.stores.database.write() as session:
        session.add(
            ExcuseRow(
                id=uuid4(),
                clinic_id=CLINIC,
                patient_id=PATIENT,
                from_at=day(5),
                until_at=day(6),
                because="on holiday",
                noted_by=SOMEBODY,
                noted_at=day(5),
                withdrawn_at=None,
            )
        )
    assert set(course(line).excuses) == {excuse(day(1), day(3), PAUSED, RF), excuse(day(5), day(6))}
    assert holds(line) == set()


@pytest.mark.parametrize(("lifted", "expected"), [(3, {held(day(1), day(3), RF)}), (None, {held(day(1), day(8), RF)})])
def test_a_hold_of_a_device_ends_for_who_had_it_when_it_goes_to_somebody_else(line, lifted, expected):
    hold(line, day(1), None if lifted is None else day(lifted))
    lend_on(line, day(8))
    assert holds(line) == expected


@pytest.mark.parametrize(("lifted", "expected"), [(3, set()), (None, {held(day(8), None, RF)})])
def test_who_is_given_a_device_has_its_hold_from_then_on_and_none_of_before(line, lifted, expected):
    hold(line, day(1), None if lifted is None else day(lifted))
    lend_on(line, day(8))
    assert holds(line, OTHER_KEY) == expected


def test_a_hold_under_the_next_owner_does_not_reach_the_one_before(line):
    lend_on(line, day(8))
    hold(line, day(9), day(10))
    assert (holds(line), holds(line, OTHER_KEY)) == (set(), {held(day(9), day(10), RF)})


def test_an_ordinary_end_forbids_nothing_and_ends_a_hold(line):
    end(line, day(9))
    assert holds(line) == set()
    step(line, "held", day(1))
    assert holds(line) == {held(day(1), day(9), RF)}


@pytest.mark.parametrize(("from_day", "signed_day", "until"), [(4, None, 4), (4, 3, 4), (0, 3, 3)])
def test_a_hold_of_a_treatment_ends_when_its_next_version_comes_into_force(line, from_day, signed_day, until):
    step(line, "held", day(1))
    version(line, 2, day(from_day), signed_day and day(signed_day))
    assert holds(line) == {held(day(1), day(until), RF)}


def test_a_stop_lasts_until_a_treatment_of_its_modality_comes_into_force(line):
    version(line, 2, day(2), day(0))
    step(line, "stopped", day(1))
    regimen(line, day(3), modality=LED)
    assert holds(line) == {held(day(1), None, RF, stopped=True)}
    regimen(line, day(6), day(5))
    assert holds(line) == {held(day(1), day(6), RF, stopped=True)}


def test_what_is_prescribed_backwards_ends_a_stop_when_it_is_signed(line):
    step(line, "stopped", day(1))
    regimen(line, day(-1), day(5))
    assert holds(line) == {held(day(1), day(5), RF, stopped=True)}


def test_a_treatment_on_hold_that_is_stopped_is_stopped_from_then_on(line):
    step(line, "held", day(1))
    step(line, "stopped", day(2))
    assert holds(line) == {held(day(1), day(2), RF), held(day(2), None, RF, stopped=True)}
