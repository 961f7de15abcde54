"""What holds for every test: no example is too slow for a busy machine; where everything must run, a skip fails."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.servers import NOT_PERMITTED, postgres
from tests.service import ON_POSTGRESQL, ON_SQLITE, give_back

# Tests start hundreds of processes; where these may not keep what they compiled, each compiles all libraries again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

settings.register_profile("house", deadline=None)
settings.load_profile("house")


@pytest.fixture(params=["sqlite", "postgresql"])
def data(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A directory for services; a test that uses it runs with their records on SQLite, and again on PostgreSQL."""
    if request.param == "postgresql":
        postgres.server()
    (tmp_path / {"sqlite": ON_SQLITE, "postgresql": ON_POSTGRESQL}[request.param]).touch()
    yield tmp_path
    give_back(tmp_path)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Each of several processes begins with its share of what takes long, so that what is left last is short.

    Each is given one part of the whole, as it stands in order, and takes from the others when it has done that.
    """
    processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    long = [item for item in items if _takes_long(item)]
    short = [item for item in items if not _takes_long(item)]
    cuts = [len(short) * number // processes for number in range(processes + 1)]
    parts = ((*long[number::processes], *short[cuts[number] : cuts[number + 1]]) for number in range(processes))
    items[:] = [item for part in parts for item in part]


def _takes_long(item: pytest.Item) -> bool:
    return not {"kills", "line"}.isdisjoint(item.path.parts)


def pytest_sessionfinish(session: pytest.Session) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("LUMENWARD_REQUIRE_ALL") == "1" and reporter:
        skipped = [report for report in reporter.stats.get("skipped", []) if NOT_PERMITTED not in str(report.longrepr)]
        if skipped:
            reporter.write_line("LUMENWARD_REQUIRE_ALL=1 lets no test be skipped", red=True)
            session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope="session")
def influx(tmp_path_factory):
    """The InfluxDB of a whole run of tests; each takes a bucket of its own."""
    from tests.servers.influx import running_influx  # noqa: PLC0415 - its library takes long to import

    with running_influx(tmp_path_factory.mktemp("influx")) as running:
        yield running
