"""HETS 1.0, the open profile for home energy-therapy devices (docs/device-profile.md), as tables."""
