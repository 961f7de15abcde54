"""One clinic of ten patients behind a real server, and one browser for each module that needs one."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from playwright.sync_api import Browser

from monitor_api.http.callers import Caller, Credential, find_caller, hash_of
from monitor_api.records.signing import make_key
from monitor_api.records.trail import ActorKind
from tests.monitor_api.screens.browsing import Desk, chromium
from tests.monitor_api.screens.clinic import NOW, Clinic
from tests.monitor_api.screens.cohort import Treated, fill, treated
from tests.monitor_api.screens.drafting import LACKING, WHOLE, drafted
from tests.monitor_api.screens.house import House, running_clock, serving
from tests.monitor_api.screens.shadowed import begin, found_of
from tests.monitor_api.screens.site import Site
from tests.servers import require


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    built = House.build(tmp_path_factory.mktemp("house"))
    yield built
    built.close()


def shadow_over(quay: Clinic, site: Site) -> None:
    """A candidate that runs, judged of two patients, and one that ended."""
    tried = {"without": ["off-schedule"], "limits": {"rf": {"rest_h": 20}}, "figures": {"silence_intervals": 2}}
    running = begin(quay, tried, "Fewer calls for one missed evening?", started_by=site.users["physician"])
    starts = ("starts", "too-hot", "high", "Skin at 42.6 Cel for 3 s")
    stops = ("stops", "clinical-silence", "medium", "No session for 4 days")
    stays = ("stays", "too-long", "medium", "15 min of 11 min")
    found_of(quay, running, site.cohort["Petra"].id, 4, starts, stays)
    found_of(quay, running, site.cohort["Emre"].id, 50, stops)
    over = quay.now - timedelta(days=20)
    ended = begin(quay, {"without": ["too-long"]}, "Without too long?", 30, ended_at=over)
    found_of(quay, ended, site.cohort["Petra"].id, 60 * 24 * 20, stays)
    site.candidates = {"running": running, "ended": ended}


@pytest.fixture(scope="session")
def site(house: House) -> Iterator[Site]:
    quay = Clinic(house.database, house.telemetry)
    civil = running_clock()
    found = Site(house, civil, quay, fill(quay))
    quay.refused()
    found.users = {role: quay.user(role) for role in ("physician", "operator", "maker")}
    found.drafts = {
        "Petra": drafted(quay, found.cohort["Petra"].id, WHOLE),
        "Jun": drafted(quay, found.cohort["Jun"].id, LACKING, "led-six-days"),
    }
    found.users["patient"] = quay.user("patient", "Petra", found.cohort["Petra"].id)
    shadow_over(quay, found)
    with serving(house.app(civil, notice="The people and their data are made up"), house.port):
        yield found


@pytest.fixture
def clinic(site: Site) -> Clinic:
    """A clinic of a test's own, where it is `NOW`."""
    return site.clinic(now=NOW)


@pytest.fixture
def keyed_clinic(site: Site) -> Clinic:
    """A clinic of a test's own, in which time runs, with a key to sign with."""
    made = site.clinic()
    make_key(site.house.folder / "keys", made.id)
    return made


@pytest.fixture
def anna(clinic: Clinic) -> Treated:
    return treated(clinic, "Anna Lind", "5.5")


@pytest.fixture
def visitor(site: Site, clinic: Clinic) -> Iterator[httpx.Client]:
    """A physician's browser without scripts, logged in."""
    with site.visitor(clinic.user("physician", "Dr Noor Haddad")) as found:
        yield found


@pytest.fixture
def caller_of(house: House) -> Callable[[Clinic, str], Caller]:
    """A person of a clinic as the API knows them once they are in."""

    def caller(clinic: Clinic, role: str) -> Caller:
        credential = Credential(kind=ActorKind.USER, proof=hash_of(clinic.log_in(clinic.user(role))))
        with house.database.read() as session:
            found = find_caller(session, credential, datetime.now(UTC))
        assert found
        return found

    return caller


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium(require("chromium")) as found:
        yield found


@pytest.fixture
def desk(browser: Browser, site: Site) -> Iterator[Desk]:
    """A browser's desk; no page may break the policy, ask anything of another host, or throw."""
    made = Desk(browser, site)
    yield made
    made.close()
    assert made.problems == []
