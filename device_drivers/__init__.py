"""Bytes in, readings out; orders in, bytes out: no clock, no socket, no memory."""
