"""A desk for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.monitor_api.orders.desk import Desk


@pytest.fixture
def desk(data: Path) -> Iterator[Desk]:
    made = Desk(data)
    yield made
    made.close()
