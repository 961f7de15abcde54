"""The HTTP API: what people and machines may see and do here, and one way in for all of it."""
