"""Topics of the uplink broker."""

from typing import Final

from vocabulary.errors import EnvelopeError, IdentityError
from vocabulary.identity import GatewayId, gateway_id

_ROOT: Final = "het/v1/gw/"

ALL_BATCHES: Final = f"$share/ingest/{_ROOT}+/batch"
"""The subscription that the ingest workers share."""

ALL_STATES: Final = f"{_ROOT}+/state"
"""Births and wills of all gateways."""


def batch_topic(gateway: GatewayId) -> str:
    """Where a gateway publishes its sealed batches."""
    return f"{_ROOT}{gateway}/batch"


def receipt_topic(gateway: GatewayId) -> str:
    """Where a gateway listens for receipts."""
    return f"{_ROOT}{gateway}/receipt"


def order_topic(gateway: GatewayId) -> str:
    """Where a gateway listens for orders."""
    return f"{_ROOT}{gateway}/order"


def state_topic(gateway: GatewayId) -> str:
    """Where a gateway's birth and will are retained."""
    return f"{_ROOT}{gateway}/state"


def gateway_of_state(topic: str) -> GatewayId:
    """The gateway of a state topic. Raises EnvelopeError."""
    return _gateway_of(topic, "state")


def gateway_of(topic: str) -> GatewayId:
    """The gateway of a batch topic. Raises EnvelopeError."""
    return _gateway_of(topic, "batch")


def _gateway_of(topic: str, kind: str) -> GatewayId:
    if not (topic.startswith(_ROOT) and topic.endswith(f"/{kind}")):
        raise EnvelopeError("topic", f"{topic!r:.80} is no {kind} topic")
    try:
        return gateway_id(topic[len(_ROOT) : -len(f"/{kind}")])
    except IdentityError as error:
        raise EnvelopeError("topic", str(error)) from error
