"""Within reach: a device can be told something for as long as any link to it lasts."""

from gateway.reach import Reach
from tests.gateway.commands import UID, Obedient


def test_the_end_of_one_link_leaves_the_device_within_reach_of_another():
    reach, radio, broker = Reach(), Obedient(), Obedient()
    with reach.holding(UID, radio):
        with reach.holding(UID, broker):
            assert reach.get(UID) is broker
        assert reach.get(UID) is radio
    assert reach.get(UID) is None


def test_a_link_that_ends_before_a_later_one_takes_nothing_from_it():
    reach, radio, broker = Reach(), Obedient(), Obedient()
    first, second = reach.holding(UID, radio), reach.holding(UID, broker)
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert reach.get(UID) is broker
    second.__exit__(None, None, None)
    assert reach.get(UID) is None
