"""A gateway's instants in the service's time, whatever its clock was set to, and what is possible where it was lost."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor_api.sessions.boots import Boot, Comparison, ahead_of, see

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
BORN = datetime(1970, 1, 1, tzinfo=UTC)
SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
SECONDS = st.integers(0, 10**8)
SANE = Boot(first_at=NOON, last_at=NOON + DAY, lead=-SECOND, not_before=NOON - DAY, not_after=None, comparisons=())
LOST = replace(SANE, first_at=BORN, last_at=BORN + DAY, lead=BORN + DAY - (NOON + 10 * DAY))
"""It was 1970, a day long; the service had the last instant of it ten days after noon."""


def test_a_clock_that_was_never_compared_is_believed_to_the_letter():
    seen = see(SANE, NOON + HOUR)
    assert (seen.span.earliest, seen.span.latest, seen.sure) == (NOON + HOUR, NOON + HOUR, True)


@pytest.mark.parametrize(
    "impossible",
    [
        {"first_at": BORN},
        {"first_at": NOON - 2 * DAY},
        {"lead": 400 * DAY},
        {"not_after": NOON},
    ],
)
def test_it_is_not_believed_when_it_cannot_have_been_right(impossible):
    assert not see(replace(SANE, **impossible), NOON).sure


def test_what_a_lost_clock_saw_lies_where_all_of_its_boot_has_room():
    seen = see(replace(LOST, not_before=NOON), BORN + 6 * HOUR)
    assert abs(seen.span.earliest - (NOON + 6 * HOUR)) < 10 * SECOND
    assert abs(seen.span.latest - (NOON + 9 * DAY + 6 * HOUR)) < 10 * SECOND


def test_what_a_lost_clock_saw_was_before_the_next_boot_began():
    seen = see(replace(LOST, not_before=NOON, not_after=NOON + 2 * DAY), BORN + 6 * HOUR)
    assert abs(seen.span.latest - (NOON + DAY + 6 * HOUR)) < 10 * SECOND


@pytest.mark.parametrize(("began_after", "taken_after"), [(DAY, timedelta(0)), (timedelta(0), DAY)])
def test_what_is_possible_allows_for_a_lost_clock_that_ran_fast(began_after, taken_after):
    ended = NOON + 30 * DAY
    last_at = BORN + 30 * DAY * (1 + 95e-6)
    lead, not_before = last_at - (ended + taken_after), NOON - began_after
    boot = replace(LOST, first_at=BORN, last_at=last_at, lead=lead, not_before=not_before)
    for shown, real in ((BORN, NOON), (last_at, ended)):
        assert see(boot, shown).span.earliest <= real <= see(boot, shown).span.latest


@pytest.mark.parametrize("set_to", [BORN, NOON - 400 * DAY, NOON + 400 * DAY])
def test_a_comparison_puts_every_instant_of_its_boot_right(set_to):
    compared = replace(SANE, comparisons=(Comparison(set_to + HOUR, NOON + HOUR, SECOND),))
    seen = see(compared, set_to)
    assert seen.sure
    assert (seen.span.middle, seen.span.width) == (NOON, 2 * SECOND + 2 * HOUR * 100e-6)


offsets = st.one_of(st.just(timedelta(0)), st.integers(-400 * 86400, 400 * 86400).map(lambda s: s * SECOND))
moments = st.integers(0, 30 * 86400)


@given(
    offsets,
    st.floats(-95e-6, 95e-6),
    st.lists(st.tuples(moments, st.integers(0, 60), st.floats(0, 1)), max_size=6),
    st.lists(st.tuples(moments, moments), min_size=1, max_size=8),
)
def test_what_is_concluded_of_a_clock_always_covers_the_truth(offset, drift, receipts, batches):
    """Real time is seconds since noon; a receipt is when a batch was sent, how long that took, in which part of it the
    receipt was made; a batch is an instant, and how long after it the service had it."""

    def shown(real_s):
        return NOON + offset + timedelta(seconds=real_s * (1 + drift))

    def real(real_s):
        return NOON + timedelta(seconds=real_s)

    boot = Boot(
        first_at=min(shown(at) for at, _ in batches),
        last_at=max(shown(at) for at, _ in batches),
        lead=max(shown(at) - real(at + later) for at, later in batches),
        not_before=real(0),
        not_after=real(max(at for at, _ in batches)),
        comparisons=tuple(
            Comparison(
                shown(sent) + (shown(sent + took) - shown(sent)) / 2,
                real(sent + took * part),
                (shown(sent + took) - shown(sent)) / 2 * 1.001,
            )
            for sent, took, part in receipts
        ),
    )
    for at, _ in batches:
        seen = see(boot, shown(at))
        concluded = receipts or not seen.sure
        assert not concluded or seen.span.earliest <= real(at) <= seen.span.latest


@given(shown_s=SECONDS, service_s=SECONDS, at_s=SECONDS, doubt_s=st.integers(0, 1000))
def test_a_clock_that_was_compared_once_is_off_by_the_same_at_every_instant(shown_s, service_s, at_s, doubt_s):
    zero = datetime(2026, 1, 1, tzinfo=UTC)
    shown, service, at = (zero + timedelta(seconds=one) for one in (shown_s, service_s, at_s))
    boot = Boot(
        first_at=shown,
        last_at=shown,
        lead=timedelta(0),
        not_before=zero,
        not_after=None,
        comparisons=(Comparison(at=shown, service_at=service, uncertainty=timedelta(seconds=doubt_s)),),
    )
    assert ahead_of(boot) == service - shown
    assert see(boot, at).span.middle == at + (service - shown)
