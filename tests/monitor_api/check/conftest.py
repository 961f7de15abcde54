"""What every test of the checker stands on."""

import pytest

from tests.monitor_api.check.line import Line


@pytest.fixture
def line(data):
    """The way from the wire to findings, in records and samples of its own."""
    made = Line(data)
    yield made
    made.stores.close()
