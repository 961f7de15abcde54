"""The local guard: the gateway stops a session over its limits by itself, also while nobody can be asked."""
