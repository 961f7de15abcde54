"""The home side: radio, sessions, outbox, uplink."""
