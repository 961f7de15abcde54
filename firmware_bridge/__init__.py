"""Toward the makers of devices: virtual devices, and what a maker tests with."""
