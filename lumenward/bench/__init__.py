"""Benches: what the service carries on this machine, as figures that anybody can measure again."""
