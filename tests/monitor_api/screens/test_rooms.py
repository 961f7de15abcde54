"""Who gets which page, and that nobody gets anybody else's."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from tests.monitor_api.screens.clinic import NOW, Clinic
from tests.monitor_api.screens.cohort import treated
from tests.monitor_api.screens.site import Site

ROLES = ("physician", "patient", "operator", "maker")
NOBODY = UUID(int=1)
HOMES = {"physician": "/", "patient": "/me", "operator": "/operator", "maker": "/maker"}


@pytest.mark.parametrize("role", ROLES)
def test_every_role_is_sent_to_its_own_page(site: Site, role: str):
    with site.visitor(role) as visitor:
        answer = visitor.get("/", follow_redirects=True)
        assert (answer.status_code, answer.url.path) == (200, HOMES[role])


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("path", ["/operator", "/me", "/maker"])
def test_no_role_sees_the_page_of_another(site: Site, role: str, path: str):
    with site.visitor(role) as visitor:
        answer = visitor.get(path)
        assert answer.status_code in ({200} if HOMES[role] == path else {303, 403})


@pytest.mark.parametrize("role", ROLES)
def test_what_belongs_to_another_clinic_is_not_there(site: Site, clinic: Clinic, role: str):
    foreign = treated(clinic, "Otto Foreign", "5.5")
    with site.visitor(role) as visitor:
        for path in (f"/patients/{foreign.id}", f"/sessions/{foreign.sessions[0]}"):
            answer = visitor.get(path)
            assert answer.status_code == 404
            assert "Otto" not in answer.text
        assert "Otto" not in visitor.get("/", follow_redirects=True).text


def test_a_session_of_another_patient_is_not_shown_on_a_patients_page(site: Site):
    with site.visitor("physician") as visitor:
        other = site.cohort["Jun"].sessions[0]
        assert visitor.get(site.path("Petra"), params={"session": str(other)}).status_code == 404


def test_a_patient_sees_their_own_session_and_nobody_elses(site: Site):
    with site.visitor("patient") as visitor:
        assert visitor.get(site.session("Petra")).status_code == 200
        assert visitor.get(site.session("Jun")).status_code == 404
        assert visitor.get(site.path("Petra")).status_code == 404


def test_a_patient_reads_of_their_session_in_plain_words_and_without_verdicts(site: Site):
    with site.visitor("patient") as visitor:
        text = visitor.get(site.session("Petra")).text
    assert "Your skin got warmer than planned. Your clinic can see this." in text
    assert "too-hot v1" not in text


def test_a_patient_is_shown_no_alert_and_no_button_to_take_one_on(site: Site):
    with site.visitor("patient") as visitor:
        assert "Acknowledge" not in visitor.get(site.session("Petra")).text


@pytest.mark.parametrize("role", ["patient", "operator", "maker"])
def test_only_a_physician_takes_an_alert_on(site: Site, clinic: Clinic, role: str):
    alert = clinic.alert(None, uid := clinic.device(), clinic.session(None, uid, 1, NOW))
    with site.visitor(clinic.user(role, patient=clinic.patient() if role == "patient" else None)) as visitor:
        csrf = f"csrf-{visitor.cookies['lumenward']}"
        assert visitor.post(f"/alerts/{alert}/acknowledge", data={"csrf": csrf}).status_code in {403, 404}


def test_an_alert_of_another_clinic_cannot_be_taken_on(site: Site, clinic: Clinic):
    alert = clinic.alert(None, uid := clinic.device(), clinic.session(None, uid, 1, NOW))
    with site.visitor("physician") as visitor:
        csrf = f"csrf-{visitor.cookies['lumenward']}"
        assert visitor.post(f"/alerts/{alert}/acknowledge", data={"csrf": csrf}).status_code == 404


def test_a_form_without_the_logins_token_does_nothing(site: Site, clinic: Clinic):
    alert = clinic.alert(None, uid := clinic.device(), clinic.session(None, uid, 1, NOW))
    with site.visitor(clinic.user("physician")) as visitor:
        assert visitor.post(f"/alerts/{alert}/acknowledge", data={"back": "/"}).status_code == 403
        assert "Taken on by" not in visitor.get("/").text


@pytest.mark.parametrize("path", ["/", "/me", "/operator", "/maker", f"/patients/{NOBODY}", f"/sessions/{NOBODY}"])
def test_who_is_not_logged_in_is_sent_to_the_login_and_from_there_back(site: Site, path: str):
    with site.visitor() as visitor:
        answer = visitor.get(path)
        assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/login")


def test_a_login_leads_to_where_one_wanted_to_go_and_never_elsewhere(site: Site, clinic: Clinic):
    user = clinic.user("physician")
    for wanted, reached in (("/?show=high", "/?show=high"), ("//evil.example", "/"), ("https://evil.example", "/")):
        form = {"login": f"physician-{user.hex[:8]}", "password": "correct horse battery", "next": wanted}
        with site.visitor() as visitor:
            answer = visitor.post("/login", data=form)
            assert (answer.status_code, answer.headers["location"]) == (303, reached)


def test_a_wrong_password_is_said_beside_the_form_and_the_login_is_kept(site: Site):
    with site.visitor() as visitor:
        answer = visitor.post("/login", data={"login": "maja", "password": "no"})
        assert answer.status_code == 401
        assert "do not belong together" in answer.text
        assert 'value="maja"' in answer.text


def test_logging_out_ends_the_login(site: Site, clinic: Clinic):
    with site.visitor(clinic.user("physician")) as visitor:
        secret = visitor.cookies["lumenward"]
        assert visitor.post("/logout", data={"csrf": f"csrf-{secret}"}).headers["location"] == "/login"
        answer = visitor.get("/", headers={"Cookie": f"lumenward={secret}"})
        assert answer.status_code == 303


def test_reading_a_patient_is_left_in_the_trail(site: Site, clinic: Clinic):
    one = treated(clinic, "Anna", "5.5")
    with site.visitor(clinic.user("physician")) as visitor:
        visitor.get(f"/patients/{one.id}")
        trail = visitor.get("/api/v1/audit", headers={"Accept": "application/json"}).json()
    assert str(one.id) in str(trail)


def test_a_browser_is_shown_a_page_and_a_program_a_problem(site: Site):
    with site.visitor("physician") as visitor:
        page = visitor.get(f"/patients/{uuid4()}")
        assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
        assert "There is nothing at this address for you." in page.text
        problem = visitor.get(f"/api/v1/patients/{uuid4()}", headers={"Accept": "text/html"})
        assert problem.headers["content-type"] == "application/problem+json"


def test_files_are_kept_for_good_under_the_name_of_this_build_only(site: Site):
    with site.visitor("physician") as visitor:
        path = visitor.get("/").text.partition('rel="stylesheet" href="')[2].partition('"')[0]
        assert "immutable" in visitor.get(path).headers["cache-control"]
        old = visitor.get(path.replace(path.split("/")[2], "0123456789ab"))
        assert (old.status_code, old.headers["cache-control"]) == (200, "no-store")
        assert visitor.get("/static/x/../page.py").status_code == 404


def test_a_list_that_was_drawn_is_drawn_anew_after_a_change(site: Site, clinic: Clinic):
    with site.visitor(clinic.user("physician")) as visitor:
        assert "No patients yet" in visitor.get("/").text
        one = treated(clinic, "Anna Lind", "5.5")
        clinic.alert(one.id, one.uid, one.sessions[-1], raised_at=NOW - timedelta(minutes=1))
        assert "Anna Lind" in visitor.get("/").text
