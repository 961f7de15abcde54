"""Logins: how one begins, what it takes to act in it, and how it ends."""

from datetime import timedelta
from typing import Annotated

import pytest
from fastapi import APIRouter
from limits import RateLimitItemPerMinute
from sqlalchemy import select

from monitor_api.http.app import make_api
from monitor_api.http.csrf import own_path
from monitor_api.http.pace import Limits
from monitor_api.http.passwords import Passwords
from monitor_api.http.policy import Permission, Role
from monitor_api.http.visits import Visit, page_for
from monitor_api.records.people import LoginRow, TokenRow, UserRow
from tests.monitor_api.http.conftest import open_world
from tests.monitor_api.http.tenants import CHEAP, PASSWORD
from tests.monitor_api.http.world import ORIGIN, Client, World, problem

LOGIN = {"login": "physician@a", "password": PASSWORD}
PATIENT = {"name": "N", "reference": "R", "zone": "UTC"}


def log_in(client: Client, **changed):
    return client.post("/api/v1/login", json={**LOGIN, **changed})


def test_a_login_gives_a_cookie_that_scripts_cannot_read_and_other_sites_do_not_send(world: World):
    answer = log_in(world.nobody())
    cookie = answer.headers["set-cookie"]
    assert answer.status_code == 200
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Max-Age=43200" in cookie
    assert "Secure" not in cookie


def test_by_https_the_cookie_is_secure_and_bound_to_the_host(kept, template, tmp_path):
    world = open_world(kept, template, tmp_path, url="https://lumenward.test")
    cookie = log_in(world.nobody()).headers["set-cookie"]
    world.close()
    assert cookie.startswith("__Host-lumenward=")
    assert "Secure" in cookie


def test_only_hashes_of_the_secret_are_stored(world: World):
    answer = log_in(world.nobody())
    secret = answer.headers["set-cookie"].split(";")[0].split("=", 1)[1]
    with world.database.read() as session:
        [row] = session.scalars(select(LoginRow))
    assert secret not in (row.token_hash, row.csrf_token)
    assert len(row.token_hash) == 64


def test_a_login_knows_its_name_however_it_is_typed(world: World):
    assert log_in(world.nobody(), login=" Physician@A ").status_code == 200


@pytest.mark.parametrize("wrong", [{"password": "wrong"}, {"login": "nobody@a"}])
def test_a_wrong_password_and_an_unknown_login_are_answered_alike(world: World, wrong: dict[str, str]):
    answer = log_in(world.nobody(), **wrong)
    assert answer.status_code == 401
    assert problem(answer)["detail"] == "This login and password do not belong together"


def test_a_disabled_user_does_not_get_in(world: World):
    with world.database.write() as session:
        session.get_one(UserRow, world.a.users[Role.PHYSICIAN]).disabled_at = world.hands.civil
    assert log_in(world.nobody()).status_code == 401


def test_a_login_ends_when_its_time_is_over(world: World, physician: Client):
    world.hands.wall += timedelta(hours=12)
    assert physician.get("/api/v1/me").status_code == 401


def test_the_civil_time_of_a_demo_ends_no_login(world: World, physician: Client):
    world.hands.civil += timedelta(days=365)
    assert physician.get("/api/v1/me").status_code == 200


def test_a_new_login_ends_the_one_the_browser_had(world: World):
    browser = world.nobody()
    log_in(browser)
    first = dict(browser.http.cookies)
    log_in(browser)
    assert dict(browser.http.cookies) != first
    assert world.nobody(cookie=f"lumenward={first['lumenward']}").get("/api/v1/me").status_code == 401


def test_a_cookie_that_somebody_else_chose_never_becomes_a_login(world: World):
    fixed = world.nobody(cookie="lumenward=chosen-by-another")
    log_in(fixed)
    assert world.nobody(cookie="lumenward=chosen-by-another").get("/api/v1/me").status_code == 401


def test_a_renewal_makes_the_old_secrets_worthless_and_keeps_the_end(world: World):
    browser = world.nobody()
    begun = log_in(browser).json()
    old = world.nobody(cookie=f"lumenward={browser.http.cookies['lumenward']}")
    renewed = browser.post("/api/v1/login/renewal", headers={"X-CSRF-Token": begun["csrf_token"]})
    assert renewed.status_code == 200
    assert renewed.json()["csrf_token"] != begun["csrf_token"]
    assert renewed.json()["expires_at"] == begun["expires_at"]
    assert (old.get("/api/v1/me").status_code, browser.get("/api/v1/me").status_code) == (401, 200)


def test_who_logs_out_is_out(physician: Client):
    answer = physician.delete("/api/v1/login")
    assert answer.status_code == 204
    assert 'lumenward=""' in answer.headers["set-cookie"]
    assert physician.get("/api/v1/me").status_code == 401


def test_who_is_disabled_is_out_at_once_and_their_logins_are_gone(world: World, physician: Client, operator: Client):
    operator.post(f"/api/v1/users/{world.a.users[Role.PHYSICIAN]}/disable")
    assert physician.get("/api/v1/me").status_code == 401
    with world.database.read() as session:
        assert set(session.scalars(select(LoginRow.user_id))) == {world.a.users[Role.OPERATOR]}


def test_a_login_of_somebody_disabled_is_worth_nothing(world: World, physician: Client):
    with world.database.write() as session:
        session.get_one(UserRow, world.a.users[Role.PHYSICIAN]).disabled_at = world.hands.civil
    assert physician.get("/api/v1/me").status_code == 401


def test_no_password_fits_where_none_is_stored():
    passwords = Passwords(CHEAP)
    assert passwords.fits(passwords.hash("right"), "right")
    assert not passwords.fits(passwords.hash("right"), "wrong")
    assert not passwords.fits(None, "the password of nobody")
    assert not passwords.fits("no hash", "wrong")


def test_a_token_is_shown_once_and_only_its_hash_is_kept(world: World, operator: Client):
    secret = operator.post("/api/v1/tokens", json={"name": "export", "role": "maker"}).json()["secret"]
    assert secret.startswith("lw_")
    assert secret not in operator.get("/api/v1/tokens").text
    with world.database.read() as session:
        assert secret not in session.scalars(select(TokenRow.token_hash)).all()
    assert world.machine(secret).get("/api/v1/me").json()["role"] == "maker"


def test_a_revoked_token_is_out_at_once(world: World, operator: Client):
    machine = world.machine("lw_a")
    assert machine.get("/api/v1/devices").status_code == 200
    operator.post(f"/api/v1/tokens/{world.a.token}/revoke")
    assert machine.get("/api/v1/devices").status_code == 401


def test_a_token_ends_in_real_time(world: World):
    machine = world.machine("lw_a")
    world.hands.wall += timedelta(days=101)
    assert machine.get("/api/v1/devices").status_code == 401


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Bearer lw_x", "Basic bHdfYTo=", "Bearer \xff"])
def test_what_is_no_token_opens_nothing(world: World, header: str):
    client = world.nobody()
    answer = client.get("/api/v1/me", headers={"Authorization": header.encode("latin-1")})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("token", ["", "another login's", "csrf of ", "ü"])
def test_a_cookie_alone_changes_nothing(physician: Client, token: str):
    refused = physician.post("/api/v1/patients", json=PATIENT, headers={"X-CSRF-Token": token.encode()})
    assert refused.status_code == 403
    assert "CSRF" in refused.json()["detail"]


def test_a_bearer_token_needs_no_csrf_token(world: World, operator: Client):
    secret = operator.post("/api/v1/tokens", json={"name": "r", "role": "operator"}).json()["secret"]
    assert world.machine(secret).post("/api/v1/patients", json=PATIENT).status_code == 201


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "https://evil.test"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": ORIGIN}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": ORIGIN}, 201),
        ({"Sec-Fetch-Site": "same-origin"}, 201),
        ({}, 201),
    ],
)
def test_another_site_changes_nothing_even_with_the_csrf_token(physician: Client, headers, status):
    assert physician.post("/api/v1/patients", json=PATIENT, headers=headers).status_code == status


def test_another_site_logs_nobody_in(world: World):
    answer = world.nobody().post("/api/v1/login", json=LOGIN, headers={"Origin": "https://evil.test"})
    assert answer.status_code == 403


def test_a_form_carries_its_csrf_token_in_a_field(world: World):
    room = APIRouter()

    @room.post("/act")
    def act(visit: Annotated[Visit, page_for(Permission.SEE_ALERTS)]) -> str:
        return visit.caller.name

    world.app = make_api(world.parts, [room])
    physician = world.browser(Role.PHYSICIAN)
    token = physician.http.headers.pop("x-csrf-token")
    assert physician.post("/act", data={"csrf": token}).json() == "physician of a"
    assert physician.post("/act", data={"csrf": "another"}).status_code == 403
    assert physician.post("/act", data={}).status_code == 403


def test_a_page_sends_who_is_not_logged_in_to_the_login_and_back(world: World):
    room = APIRouter()

    @room.get("/triage")
    def triage(visit: Annotated[Visit, page_for(Permission.SEE_ALERTS)]) -> str:
        return visit.caller.name

    world.app = make_api(world.parts, [room])
    answer = world.nobody().get("/triage?severity=high")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/login?next=%2Ftriage%3Fseverity%3Dhigh"
    assert world.browser(Role.PHYSICIAN).get("/triage").json() == "physician of a"


@pytest.mark.parametrize(
    ("asked", "path"),
    [
        ("/triage?severity=high", "/triage?severity=high"),
        ("//evil.test", "/"),
        ("/\\evil.test", "/"),
        ("https://evil.test/", "/"),
        ("/\t/evil.test", "/"),
        ("", "/"),
    ],
)
def test_after_a_login_nobody_is_sent_to_another_site(asked: str, path: str):
    assert own_path(asked) == path


def test_ten_wrong_tries_slow_a_login_down_even_for_the_right_password(world: World):
    tries = [log_in(world.nobody(), password=f"wrong {n}").status_code for n in range(10)]
    assert tries == [401] * 10
    late = log_in(world.nobody())
    assert late.status_code == 429
    assert 0 < int(late.headers["retry-after"]) <= 300


def test_a_right_password_begins_the_count_of_its_login_anew(world: World):
    for _ in range(3):
        assert [log_in(world.nobody(), password="wrong").status_code for _ in range(4)] == [401] * 4
        assert log_in(world.nobody()).status_code == 200


def test_an_address_that_tries_many_logins_is_slowed_down(kept, template, tmp_path):
    few = RateLimitItemPerMinute(5)
    limits = Limits(
        tries_of_login=RateLimitItemPerMinute(10), tries_of_address=few, requests=RateLimitItemPerMinute(99)
    )
    world = open_world(kept, template, tmp_path, limits=limits)
    tries = [log_in(world.nobody(), login=f"user{n}").status_code for n in range(6)]
    world.close()
    assert tries == [401] * 5 + [429]


def test_a_caller_who_asks_too_often_is_told_when_to_come_back(kept, template, tmp_path):
    few = RateLimitItemPerMinute(3)
    limits = Limits(tries_of_login=few, tries_of_address=few, requests=few)
    world = open_world(kept, template, tmp_path, limits=limits)
    physician, other = world.browser(Role.PHYSICIAN), world.browser(Role.MAKER)
    answers = [physician.get("/api/v1/me") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert 0 < int(answers[-1].headers["retry-after"]) <= 60
    assert other.get("/api/v1/me").status_code == 200
    world.close()


def test_who_one_is_says_what_one_may_do(world: World, patient: Client):
    me = patient.get("/api/v1/me").json()
    assert (me["role"], me["patient_id"]) == ("patient", str(world.a.patient))
    assert me["clinic"] == {"id": str(world.a.id), "name": "Clinic a", "zone": "UTC"}
    assert "see alerts" not in me["permissions"]


def test_half_a_surrogate_pair_is_a_wrong_password_and_no_fault(world: World):
    body = b'{"login": "physician@a", "password": "\\ud800xxxxxxxxxxxxxxx"}'
    answer = world.nobody().post("/api/v1/login", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 401
