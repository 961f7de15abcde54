"""Sessions: put together from what the live link brought and from the device's own record."""
