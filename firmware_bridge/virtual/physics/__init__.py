"""Skin, light, heat and contact: what the sensors of a device see. Seeded, and without any IO."""
