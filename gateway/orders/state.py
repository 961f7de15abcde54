"""What is kept of the orders that were taken: the highest number, what is wanted of each device, and recent stops."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain
from typing import Final

from vocabulary.wire.batches import OrderOutcome
from vocabulary.wire.orders import Desired, Order, Stop

DEVICES: Final = 64
"""Devices whose desired state is kept: more than a home has."""

STOPS: Final = 64
"""Stops that are remembered, so that one that is sent again is not done again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderState:
    """All of it: `desired` by device, `stops` by wish as they came, and by wish what came of those that are settled."""

    number: int
    desired: dict[str, Desired]
    stops: dict[str, Stop]
    outcomes: dict[str, OrderOutcome]

    @property
    def pending(self) -> Iterator[Order]:
        """What was taken and not settled yet."""
        taken: Iterator[Order] = chain(self.desired.values(), self.stops.values())
        return (order for order in taken if order.wish not in self.outcomes)

    def numbered(self, number: int) -> "OrderState":
        """An order of this number was taken."""
        return replace(self, number=number)

    def is_news(self, order: Order) -> bool:
        """Whether an order asks for anything that was not asked for before."""
        if isinstance(order, Stop):
            return order.wish not in self.stops
        known = self.desired.get(order.device)
        return known is None or order.revision > known.revision

    def has_another(self, order: Order) -> bool:
        """Whether what is kept of a device is another wish, and no older one: one that the service does not know of."""
        known = None if isinstance(order, Stop) else self.desired.get(order.device)
        return known is not None and not self.is_news(order) and known.wish != order.wish

    def has_room(self, order: Order) -> bool:
        """Whether an order can be kept: its device is known here, or there are few enough."""
        return isinstance(order, Stop) or order.device in self.desired or len(self.desired) < DEVICES

    def taking(self, order: Order) -> "OrderState":
        """With an order that is news; the oldest stops are forgotten for it."""
        if isinstance(order, Stop):
            kept = dict([*self.stops.items(), (order.wish, order)][-STOPS:])
            return _tidied(replace(self, stops=kept))
        return _tidied(replace(self, desired={**self.desired, order.device: order}))

    def settling(self, order: Order, outcome: OrderOutcome) -> "OrderState":
        """With what came of an order in the end."""
        return _tidied(replace(self, outcomes={**self.outcomes, order.wish: outcome}))


NOTHING_TAKEN: Final = OrderState(number=0, desired={}, stops={}, outcomes={})


def _tidied(state: OrderState) -> OrderState:
    """Without outcomes of orders that are not kept any more."""
    wishes = {*state.stops, *(desired.wish for desired in state.desired.values())}
    return replace(state, outcomes={wish: what for wish, what in state.outcomes.items() if wish in wishes})
