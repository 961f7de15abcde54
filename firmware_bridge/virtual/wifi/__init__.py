"""A virtual device on Wi-Fi: a client of the broker in its home, written from the device profile alone."""
