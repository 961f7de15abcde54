"""One machine: a data directory, its broker, and the roles of the service, run as one."""
