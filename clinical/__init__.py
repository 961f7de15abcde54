"""From the facts of sessions to findings: pure, table-driven, replayable."""
