"""Orders: from what somebody wants of a device to sealed orders on the broker, until the home has them."""
