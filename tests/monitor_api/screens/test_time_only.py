"""A device that says how long it was on, and nothing of how strong: its sessions are shown by time."""

import httpx

from tests.monitor_api.screens.clinic import Clinic
from tests.monitor_api.screens.site import Site


def page(site: Site, clinic: Clinic, path: str) -> str:
    cookies = {"lumenward": clinic.log_in(clinic.user("physician"))}
    with httpx.Client(base_url=site.url, cookies=cookies, headers={"Accept": "text/html"}, timeout=10) as visitor:
        answer = visitor.get(path)
    assert answer.status_code == 200
    return answer.text


def test_a_session_without_a_dose_is_shown_as_time_only(site: Site, clinic: Clinic):
    patient = clinic.patient()
    clinic.regimen(patient)
    panel = clinic.device(patient, model="BlockBlueLight panel", serial="", firmware="", features=["live"])
    nothing = dict.fromkeys(("dose_value", "dose_unit", "highest_skin_celsius"))
    which = clinic.session(patient, panel, 1, clinic.now, active_s=3, elapsed_s=3, **nothing)
    lacking = {"irradiance_mw_per_cm2": None, "fluence_j_per_cm2": None, "skin_celsius": None}
    clinic.samples(panel, 1, active_s=[1, 2, 3], remaining_s=[9, 8, 7], signs=[0, 0, 0], **lacking)
    assert "3 s · time only" in page(site, clinic, f"/sessions/{which}")
    assert "time only" in page(site, clinic, f"/patients/{patient}")
    assert "time only" not in page(site, clinic, "/")
