"""Telemetry: the samples of sessions, behind one port."""
