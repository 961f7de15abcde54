"""What holds for every test: no example is too slow for a busy machine; where everything must run, a skip fails."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.servers import NOT_PERMITTED, postgres
from tests.service import ON_POSTGRESQL, give_back

# Tests start hundreds of processes; where these may not keep what they compiled, each compiles all libraries again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

settings.register_profile("house", deadline=None)
settings.load_profile("house")


@pytest.fixture(params=["sqlite", "postgresql"])
def data(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A directory for services; a test that uses it runs with their records on SQLite, and again on PostgreSQL."""
    if request.param == "postgresql":
        postgres.server()
        (tmp_path / ON_POSTGRESQL).touch()
    yield tmp_path
    give_back(tmp_path)


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
