"""Identifiers are checked where they enter and derived where a crash may ask for them twice."""

from contextlib import suppress
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vectors import VECTORS
from vocabulary.errors import IdentityError
from vocabulary.identity import ClinicId, DeviceUid, RuleId, alert_id, device_uid, finding_id, gateway_id, session_id


def test_a_session_id_is_the_one_of_the_profile():
    device, counter = VECTORS["session_id"]["name"].split(":")
    assert session_id(DeviceUid(device), int(counter)) == UUID(VECTORS["session_id"]["uuid5"])


@pytest.mark.parametrize("text", ["", "0011", "00112233445566GG", "AABBCCDDEEFF0011", "0011223344556677 "])
def test_what_is_no_device_uid_is_refused_with_what_was_expected(text):
    with pytest.raises(IdentityError, match="16 lower-case hex digits"):
        device_uid(text)


@pytest.mark.parametrize("text", ["", "GW", "-gw", "gw-", "g/w", "gw+", "g" * 41])
def test_what_could_break_out_of_a_topic_is_no_gateway_id(text):
    with pytest.raises(IdentityError, match="gateway id"):
        gateway_id(text)


@given(st.text(max_size=50))
def test_a_gateway_id_that_passes_is_one_topic_level(text):
    with suppress(IdentityError):
        assert not set(gateway_id(text)) & set("/+#$ \0")


def test_the_same_facts_name_the_same_finding_and_alert_and_other_facts_others():
    clinic, other = ClinicId(UUID(int=1)), ClinicId(UUID(int=2))
    subject, rule = UUID(int=3), RuleId("too-hot")
    assert finding_id(rule, subject, "a") == finding_id(rule, subject, "a") != finding_id(rule, subject, "b")
    assert alert_id(clinic, subject, rule, "a") == alert_id(clinic, subject, rule, "a")
    assert alert_id(clinic, subject, rule, "a") != alert_id(other, subject, rule, "a")
