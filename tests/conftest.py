"""What holds for every test: no example is too slow for a busy machine; where everything must run, a skip fails."""

import os

import pytest
from hypothesis import settings

from tests.servers import NOT_PERMITTED

settings.register_profile("house", deadline=None)
settings.load_profile("house")


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
