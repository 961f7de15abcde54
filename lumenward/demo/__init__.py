"""The demo: three homes, a service, and what must come of it."""
