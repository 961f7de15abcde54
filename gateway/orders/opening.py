"""A sealed order is opened, or refused for a reason."""

from vocabulary.errors import EnvelopeError
from vocabulary.wire.keys import GatewayKey
from vocabulary.wire.orders import Order, open_order, read_order_header


def open_next(sealed: bytes, key: GatewayKey, topic: str, above: int) -> tuple[int, Order]:
    """The number and the order; only one whose number lies above the highest that was taken.

    Raises EnvelopeError, SealError, BodyError.
    """
    header = read_order_header(sealed)
    if header.key_id != key.id:
        raise EnvelopeError("order.key", f"{header.key_id}, this gateway has key {key.id}")
    order = open_order(sealed, key.order_cipher(), topic)
    if header.number <= above:
        raise EnvelopeError("order.number", f"{header.number}, and {above} was taken already")
    return header.number, order
