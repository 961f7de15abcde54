"""The watch: one leader that does what nothing but the clock brings about."""
