"""What a device on Wi-Fi says and nobody can read is rejected with the reason, and stops nothing."""

import pytest

from device_drivers.hets.topics import Said
from tests.firmware_bridge.radio.loops import in_a_loop
from tests.gateway.devices import UID
from tests.gateway.mqtt.masks import Home
from vocabulary.wire.batches import StoredRecord


@in_a_loop
async def test_a_session_that_is_no_json_goes_up_as_it_came():
    async with Home().listening() as home:
        await home.hears(home.mask.info(), home.mask.says(Said.SESSION, b"\xffgarbage"))
    assert [stored.data for stored in home.of(StoredRecord)] == [b"\xffgarbage"]
    assert len(home.payloads("reject")) == 1


@pytest.mark.parametrize("said", list(Said))
@in_a_loop
async def test_a_payload_that_does_not_read_is_rejected_with_the_reason_and_stops_nothing(said):
    async with Home().listening() as home:
        await home.hears(home.mask.info(), home.mask.says(said, b"{}"), home.mask.session(1))
    (rejected,) = home.payloads("reject")
    assert (rejected["topic"], rejected["seq"]) == (f"het/v1/dev/{UID}/{said}", 1)
    assert rejected["reason"].endswith("is missing")
    assert home.acks == [1]


@pytest.mark.parametrize("seq", ["", "-1", "9" * 5000])
@in_a_loop
async def test_a_message_without_a_number_is_rejected_without_one(seq):
    async with Home().listening() as home:
        session = home.mask.session(1)
        nameless = session._replace(properties=(("schema", "session/1"), ("boot", "1"), ("seq", seq)))
        await home.hears(home.mask.info(), nameless, home.mask.session(2, oldest=2))
    assert "seq" not in home.payloads("reject")[0]
    assert home.acks == [2]


@in_a_loop
async def test_an_introduction_in_another_devices_name_is_rejected_and_the_right_one_waited_for():
    async with Home().listening() as home:
        await home.hears(home.mask.says(Said.INFO, {"uid": "f" * 16}), home.mask.session(1))
        assert (home.items, len(home.payloads("reject"))) == ([], 1)
        await home.hears(home.mask.info())
    assert home.records == [1]
