"""The numbers of messages: what is missing is counted, what comes late is found, what comes twice is known."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.sessions.tally import LATE, Tally, counted

BEGUN = Tally(boot=1, follows=0, lost=0, late=())


def after(*numbers, boot=1, tally=BEGUN):
    for number in numbers:
        tally = counted(tally, boot, number) or tally
    return tally


@given(st.permutations(range(LATE)), st.integers(0, LATE))
def test_lost_is_what_has_not_come_in_whatever_order_the_rest_came(numbers, count):
    came = numbers[:count]
    tally = after(*came)
    assert tally.lost == max(came, default=-1) + 1 - len(came)
    assert all(counted(tally, 1, number) is None for number in came)


def test_nothing_is_missed_of_before_the_first_message_that_is_ever_heard():
    assert counted(None, 4, 500) == Tally(boot=4, follows=501, lost=0, late=())


def test_a_new_boot_begins_at_zero():
    assert after(3, boot=2, tally=after(0, 9)) == Tally(boot=2, follows=4, lost=3, late=(0, 1, 2))


def test_a_message_of_an_earlier_boot_counts_for_nothing():
    tally = after(0, boot=2)
    assert counted(tally, 1, 77) is None


def test_what_is_long_missing_is_given_up():
    tally = after(0, 1000)
    assert (tally.lost, len(tally.late)) == (999, LATE)
    assert counted(tally, 1, 5) is None
