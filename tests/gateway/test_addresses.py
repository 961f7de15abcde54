"""Addresses in words: the end of one in the log, nothing of one beyond the home."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.addresses import shortened, struck
from gateway.errors import LinkLost

UID = "0011223344556677"


@pytest.mark.parametrize(
    ("words", "logged", "told"),
    [
        ("C0:00:00:00:4F:01: gone", "…:4F:01: gone", "…: gone"),
        (
            "/org/bluez/hci0/dev_c0_00_00_00_4f_01/service",
            "/org/bluez/hci0/dev_…:4f:01/service",
            "/org/bluez/hci0/dev_…/service",
        ),
        ("BLOCKC00000004F01 is off", "BLOCK…:4F:01 is off", "BLOCK… is off"),
        ("C0-00-00-00-4F-01", "…:4F:01", "…"),
        (f"{UID}: no answer in 10 s", f"{UID}: no answer in 10 s", f"{UID}: no answer in 10 s"),
    ],
)
def test_an_address_is_shortened_for_the_log_and_struck_out_for_the_service(words, logged, told):
    assert (shortened(words), struck(words)) == (logged, told)


@given(st.text(), st.binary(min_size=6, max_size=6), st.text())
def test_no_address_is_left_whatever_stands_around_it(before, address, after):
    written = address.hex(":")
    assert written not in struck(f"{before} {written} {after}")


def test_a_link_s_error_names_the_end_of_the_address_only():
    failure = LinkLost("C0:00:00:00:4F:01", "writing fff2", "device dev_C0_00_00_00_4F_01 not found")
    assert str(failure) == "…:4F:01: writing fff2: device dev_…:4F:01 not found"
