"""The way down: what the service wants of the devices of this home, and what came of it."""
