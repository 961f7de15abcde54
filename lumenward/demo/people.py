"""The people of a demo in the records store: a clinic, who logs in, patients with their regimens and devices."""

import secrets
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4, uuid5

from sqlalchemy import update
from sqlalchemy.orm import Session

from clinical.regimen import Regimen
from lumenward.demo.scenario import DemoHome, Person, people
from lumenward.demo.world import World
from monitor_api.http.passwords import Passwords
from monitor_api.records.columns import Table
from monitor_api.records.database import Database
from monitor_api.records.devices import AssignmentRow, DeviceRow, GatewayKeyRow, GatewayRow
from monitor_api.records.key_wrap import KeyWrap
from monitor_api.records.people import ClinicRow, PatientRow, UserRow
from monitor_api.records.regimens import write_regimen
from monitor_api.records.sessions import RegimenRow, RegimenVersionRow
from monitor_api.records.shadows import LASTS, ShadowRow
from monitor_api.records.signing import Signatures, make_key
from vocabulary.identity import HETS_SERVICE, ClinicId, DeviceUid, GatewayId, RegimenId
from vocabulary.wire.keys import GatewayKey

CLINIC: Final = uuid5(HETS_SERVICE, "the clinic of the demo")
ZONE: Final = "Europe/Zurich"

SINCE: Final = timedelta(days=14)
"""How long everybody has been with the clinic: since the day before the first of their evenings."""

CALIBRATIONS: Final = {
    "mask": (0.10, 0.2, "virtual device: its physics, known to a tenth"),
    "rf": (0.20, 0.1, "10 W ± 20 % on 360 Ω (DEN150005)"),
}
"""By product: the uncertainty of its dose as a fraction, of its skin sensor in °C, and the source of both."""


@dataclass(frozen=True, slots=True)
class Login:
    """Somebody who can log in to the demo."""

    login: str
    role: str
    name: str


LOGINS: Final = (
    Login("physician", "physician", "Dr Noor Haddad"),
    Login("patient", "patient", "Anna Lind"),
    Login("operator", "operator", "Sam Rivera"),
)


def settle(database: Database, world: World) -> str:
    """Move everybody in, and give the password that all demo logins share."""
    password = secrets.token_urlsafe(9)
    stored = Passwords().hash(password)
    now = world.clock.civil(world.clock.started_at)
    make_key(world.signing_keys, ClinicId(CLINIC))
    given: set[str] = set()
    with database.write() as session:
        _add(session, ClinicRow(id=CLINIC, name="Clinic on the Quay", zone=ZONE))
        for home in world.homes:
            _add(session, *_gateway(world, home, now))
            for person in home.people:
                _add(session, *_person(person, now, Signatures(world.signing_keys)))
                if person.uid not in given:  # a clone of a device is nobody's
                    _add(session, *_device(home, person, now))
                    given.add(person.uid)
        _add(session, *(_user(world, login, stored, now) for login in LOGINS), _shadow(now))
    return password


def _add(session: Session, *rows: Table) -> None:
    """Add rows in the order given: those that others point to first."""
    for row in rows:
        session.add(row)
        session.flush()


def patient_id(person: Person) -> UUID:
    """The id of a person as a patient."""
    return uuid5(CLINIC, person.name)


def _gateway(world: World, home: DemoHome, now: datetime) -> Iterator[Table]:
    key = GatewayKey(1, b64decode(world.keys[home.gateway]))
    wrapped = KeyWrap(b64decode(world.secret)).wrap(GatewayId(home.gateway), key)
    yield GatewayRow(id=home.gateway, clinic_id=CLINIC, name=home.name, registered_at=now, heard_at=None)
    yield GatewayKeyRow(gateway_id=home.gateway, key_id=1, wrapped=wrapped, created_at=now, retired_at=None)


def _person(person: Person, now: datetime, signatures: Signatures) -> Iterator[Table]:
    patient, long_ago = patient_id(person), now - SINCE
    yield PatientRow(
        id=patient,
        clinic_id=CLINIC,
        name=person.name,
        reference=f"{int(person.uid[-4:], 16) % 100000:05d}",
        born=person.born,
        zone=ZONE,
        created_at=long_ago,
    )
    yield from _regimen(person, patient, long_ago, signatures)


def _device(home: DemoHome, person: Person, now: datetime) -> Iterator[Table]:
    long_ago = now - SINCE
    yield DeviceRow(
        clinic_id=CLINIC,
        uid=person.uid,
        gateway_id=home.gateway,
        heard_at=long_ago,
        first_seen_at=long_ago,
        **_calibration(person),
    )
    yield AssignmentRow(
        id=uuid4(),
        clinic_id=CLINIC,
        device_uid=person.uid,
        patient_id=patient_id(person),
        from_at=long_ago,
        until_at=None,
    )


def _calibration(person: Person) -> dict[str, Any]:
    dose_fraction, skin_celsius, source = CALIBRATIONS[person.product]
    return {
        "dose_uncertainty_fraction": dose_fraction,
        "skin_uncertainty_celsius": skin_celsius,
        "calibration_source": source,
    }


def _regimen(person: Person, patient: UUID, from_at: datetime, signatures: Signatures) -> Iterator[Table]:
    prescribed = person.prescription
    if prescribed is None:
        return
    regimen = Regimen.of(prescribed, RegimenId(uuid5(patient, "regimen")), 1)
    row = RegimenRow(
        id=regimen.id,
        clinic_id=CLINIC,
        patient_id=patient,
        modality=regimen.modality,
        created_at=from_at,
        ended_at=None,
    )
    version = RegimenVersionRow(
        regimen_id=regimen.id,
        version=1,
        from_at=from_at,
        prescriber_id=_user_id(LOGINS[0]),
        body=write_regimen(regimen),
        signed_at=from_at,
    )
    signature = signatures.sign(ClinicId(CLINIC), row, version)
    version.key_id, version.signature = signature.key_id, signature.data
    yield row
    yield version


def _shadow(now: datetime) -> ShadowRow:
    """A candidate that the physician holds in the shadow, since everybody came."""
    candidate = {"limits": {"rf": {"skin_celsius": 41.0}}, "figures": {"silence_intervals": 3}}
    return ShadowRow(
        id=uuid5(CLINIC, "shadow"),
        clinic_id=CLINIC,
        because="Sooner for warm skin, later for silence?",
        candidate=candidate,
        from_at=now - SINCE,
        until_at=now - SINCE + LASTS,
        started_by=_user_id(LOGINS[0]),
    )


def _user_id(login: Login) -> UUID:
    return uuid5(CLINIC, login.login)


def _user(world: World, login: Login, stored: str, now: datetime) -> UserRow:
    themselves = [patient_id(person) for person in people(world.homes) if person.name == login.name]
    return UserRow(
        id=_user_id(login),
        clinic_id=CLINIC,
        login=login.login,
        name=login.name,
        role=login.role,
        patient_id=themselves[0] if themselves else None,
        password_hash=stored,
        created_at=now,
        disabled_at=None,
    )


def hand_over(database: Database, device: DeviceUid, to: Person, at: datetime) -> None:
    """From an instant on, a device is another patient's."""
    with database.write() as session:
        session.execute(
            update(AssignmentRow)
            .where(AssignmentRow.device_uid == device, AssignmentRow.until_at.is_(None))
            .values(until_at=at)
        )
        assigned = AssignmentRow(
            id=uuid4(), clinic_id=CLINIC, device_uid=device, patient_id=patient_id(to), from_at=at, until_at=None
        )
        _add(session, assigned)
