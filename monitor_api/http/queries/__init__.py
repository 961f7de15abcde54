"""What callers may see: functions of a session and a caller, for JSON and screens alike."""
