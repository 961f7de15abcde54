"""Sessions as the home sees them: from frames to items for the outbox. No IO, no clock."""
