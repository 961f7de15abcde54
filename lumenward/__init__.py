"""The command line, and the composition of both sides on one machine."""
