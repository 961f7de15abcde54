"""The outbox: what the home has and the service does not yet."""
