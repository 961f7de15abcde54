"""Replay of rules over a cohort or a snapshot: who would be called, whom a rule misses, what a change would change."""
