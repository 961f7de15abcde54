"""Authentication at the bus, line by line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.virtual.bluez.sasl import Sasl, Step

ROOT = 0
OK, DATA, REJECTED, ERROR, AGREE = b"OK", b"DATA", b"REJECTED", b"ERROR", b"AGREE_UNIX_FD"


def talk(*lines, uid=ROOT):
    sasl = Sasl(uid)
    return sasl, [sasl.receive(line + b"\r\n").split()[:1] for line in lines]


@pytest.mark.parametrize(
    ("lines", "answers"),
    [
        ([b"\0AUTH EXTERNAL 30", b"BEGIN"], [[OK], []]),
        ([b"\0AUTH EXTERNAL", b"DATA", b"BEGIN"], [[DATA], [OK], []]),
        ([b"\0AUTH EXTERNAL", b"DATA 30", b"BEGIN"], [[DATA], [OK], []]),
        ([b"\0AUTH", b"AUTH ANONYMOUS", b"AUTH EXTERNAL 30"], [[REJECTED], [REJECTED], [OK]]),
        ([b"\0AUTH EXTERNAL", b"CANCEL", b"AUTH EXTERNAL 30"], [[DATA], [REJECTED], [OK]]),
        ([b"\0AUTH EXTERNAL 31303030", b"BEGIN"], [[REJECTED], [ERROR]]),
        ([b"\0BEGIN", b"NEGOTIATE_UNIX_FD"], [[ERROR], [ERROR]]),
        ([b"\0AUTH EXTERNAL 30", b"NEGOTIATE_UNIX_FD", b"WHAT"], [[OK], [AGREE], [ERROR]]),
    ],
)
def test_each_line_gets_the_answer_of_the_specification(lines, answers):
    assert talk(*lines)[1] == answers


def test_file_descriptors_pass_only_if_asked_for():
    assert not talk(b"\0AUTH EXTERNAL 30", b"BEGIN")[0].passes_fds
    assert talk(b"\0AUTH EXTERNAL 30", b"NEGOTIATE_UNIX_FD", b"BEGIN")[0].passes_fds


def test_a_user_is_known_by_the_digits_of_the_number():
    assert talk(b"\0AUTH EXTERNAL 31303030", b"BEGIN", uid=1000)[0].step is Step.BEGUN


@given(st.lists(st.binary(max_size=40)))
def test_nobody_gets_in_without_the_right_identity(lines):
    sasl, _ = talk(*lines, uid=12345)
    assert sasl.step in (Step.OPEN, Step.ASKED)
