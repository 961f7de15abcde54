"""Virtual devices and the radio they are heard over, written from the device profile alone."""
