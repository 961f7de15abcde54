"""The fuzz targets take any bytes; `make fuzz` does the same for longer, guided by coverage."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.targets import TARGETS


@pytest.mark.parametrize("target", TARGETS)
@given(data=st.binary(max_size=600))
def test_any_bytes_are_taken_or_refused(target, data):
    TARGETS[target](data)
