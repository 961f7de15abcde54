"""The nouns every package speaks, and the wire between a home and the service."""
