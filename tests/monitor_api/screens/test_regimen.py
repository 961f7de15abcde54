"""A regimen's pages: phases, signature and life in words, and what each version changed."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from monitor_api.records.sessions import RegimenRow, RegimenVersionRow
from monitor_api.records.signing import Signatures, make_key
from tests.monitor_api.screens.clinic import Clinic
from tests.monitor_api.screens.site import Site
from tests.monitor_api.screens.test_orders import text


@pytest.fixture
def clinic(site: Site) -> Clinic:
    return site.clinic()


def second_version(site: Site, clinic: Clinic, regimen) -> None:
    """Three a week, where the first said five; signed."""
    keys = site.house.folder / "keys"
    make_key(keys, clinic.id)
    with clinic.writing() as session:
        first = session.get_one(RegimenVersionRow, (regimen, 1))
        phase = first.body["phases"][0]
        fewer = phase | {"timing": phase["timing"] | {"frequency": 3}}
        at = clinic.now - timedelta(days=2)
        row = RegimenVersionRow(
            regimen_id=regimen,
            version=2,
            from_at=at,
            prescriber_id=first.prescriber_id,
            body=first.body | {"phases": [fewer]},
            signed_at=at,
        )
        signature = Signatures(keys).sign(clinic.id, session.get_one(RegimenRow, regimen), row)
        row.key_id, row.signature = signature.key_id, signature.data
        session.add(row)


def test_a_regimens_page_shows_what_each_version_changed_and_where_it_is(site: Site, clinic: Clinic):
    patient, doctor = clinic.patient("Ida Berg"), clinic.user("physician", "Dr Noor Haddad")
    regimen = clinic.regimen(patient, physician=doctor)
    second_version(site, clinic, regimen)
    with site.visitor(doctor) as visitor:
        page, owner = text(visitor.get(f"/regimens/{regimen}")), text(visitor.get(f"/patients/{patient}"))
    assert "Phase 1, sessions: 5 → 3" in page
    assert "From before there were signatures, prescribed by Dr Noor Haddad" in page
    assert page.index("Version 2") < page.index("Version 1")
    assert "Superseded" in page
    assert "Phase 1 now 3 times a week, until further notice: 10 min, 18 J/cm²" in owner
    assert "In force" in owner
    assert "Signature valid" in owner


def test_a_version_whose_last_phase_is_over_is_shown_as_ended(site: Site, clinic: Clinic):
    patient, doctor = clinic.patient("Ida Berg"), clinic.user("physician")
    regimen = clinic.regimen(patient)
    with clinic.writing() as session:
        row = session.get_one(RegimenVersionRow, (regimen, 1))
        row.body = row.body | {"phases": [row.body["phases"][0] | {"weeks": 7}]}
    with site.visitor(doctor) as visitor:
        assert all("Ended" in text(visitor.get(path)) for path in (f"/regimens/{regimen}", f"/patients/{patient}"))


def test_a_limit_of_skin_that_no_device_measures_is_said_beside_it(site: Site, clinic: Clinic):
    doctor, said = clinic.user("physician"), []
    for features in (["contact"], ["contact", "skin temperature"], None):
        patient = clinic.patient("Ida Berg")
        clinic.regimen(patient)
        clinic.device(patient, features=features)
        with site.visitor(doctor) as visitor:
            said.append("no device of theirs measures it" in text(visitor.get(f"/patients/{patient}")))
    assert said == [True, False, False]


def test_a_version_that_is_not_what_was_signed_is_said_to_be_broken(site: Site, clinic: Clinic):
    patient, doctor = clinic.patient("Ida Berg"), clinic.user("physician")
    regimen = clinic.regimen(patient)
    second_version(site, clinic, regimen)
    with clinic.writing() as session:
        of_second = (RegimenVersionRow.regimen_id == regimen, RegimenVersionRow.version == 2)
        session.execute(update(RegimenVersionRow).where(*of_second).values(prescriber_id=doctor))
    with site.visitor(doctor) as visitor:
        for path in (f"/regimens/{regimen}", f"/patients/{patient}"):
            assert "! Signature broken: this is not what was signed" in text(visitor.get(path))


def test_a_regimen_of_another_clinic_is_not_there(site: Site, clinic: Clinic):
    regimen = clinic.regimen(clinic.patient("Otto Foreign"))
    with site.visitor("physician") as visitor:
        assert visitor.get(f"/regimens/{regimen}").status_code == 404
