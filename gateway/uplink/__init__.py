"""The uplink: what waits in the outbox goes to the service; receipts and orders come back."""

from gateway.uplink.flights import Pace
from gateway.uplink.sending import Receivers, Uplink

__all__ = ["Pace", "Receivers", "Uplink"]
