"""A demo on disk: what it cannot be is said before anything starts."""

import pytest

from lumenward.demo.scenario import SCENARIO
from lumenward.demo.world import Plan, make_world
from vocabulary.errors import SettingsError


def test_a_directory_too_deep_for_sockets_is_refused_with_the_length_and_what_to_do(tmp_path):
    deep = tmp_path / ("d" * 100)
    deep.mkdir()
    too_long = len(f"{deep}/{SCENARIO[0].gateway}.bus")
    with pytest.raises(SettingsError) as refusal:
        make_world(deep, Plan(homes=SCENARIO, seed=1, http_port=1, roles=()))
    said = str(refusal.value)
    assert f"{deep}/{SCENARIO[0].gateway}.bus has {too_long} bytes, and the path of a socket 107 at most" in said
    assert "TMPDIR=/tmp" in said
    assert list(deep.iterdir()) == []
