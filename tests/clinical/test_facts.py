"""Runs of samples: what surely lasted, and what may have."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from clinical.facts import Run, longest_run
from tests.clinical.sessions import samples
from vocabulary.devices import DeviceState


def longest(held, *, sequence=None, across_gaps=False):
    return longest_run(samples((0.0,) * len(held), sequence=sequence), lambda i: held[i], across_gaps=across_gaps)


def test_the_longest_of_several_runs_is_found():
    assert longest([1, 0, 1, 1, 1, 0, 1, 1]) == Run(first=2, last=4, lasted=timedelta(seconds=2))


def test_a_sample_that_did_not_come_ends_a_run():
    assert longest([1, 1, 1, 1], sequence=[0, 1, 5, 6]).lasted == timedelta(seconds=1)


def test_across_gaps_it_counts_as_holding():
    assert longest([1, 1, 1, 1], sequence=[0, 1, 5, 6], across_gaps=True).lasted == timedelta(seconds=6)


def test_nothing_that_holds_is_no_run():
    assert longest([0, 0]) is None
    assert longest([]) is None


@given(st.lists(st.tuples(st.integers(1, 3), st.booleans()), max_size=60))
def test_the_longest_run_is_the_one_that_walking_sample_by_sample_finds(steps):
    sequence, held, number = [], [], -1
    for step, holds in steps:
        number += step
        sequence.append(number)
        held.append(holds)
    best, since, before = -1, None, None
    for number, holds in zip(sequence, held, strict=True):
        if not holds:
            since = None
        elif since is None or before != number - 1:
            since = number
        if since is not None:
            best = max(best, number - since)
        before = number
    found = longest(held, sequence=sequence)
    assert (found is None and best == -1) or found.lasted == timedelta(seconds=best)


def test_contact_counts_only_while_energy_was_due():
    emitting = samples((0.0,) * 4, contact=(True, False, True, True))
    assert emitting.contact_fraction == 0.75
    assert samples((0.0,) * 4, state=DeviceState.READY).contact_fraction is None
