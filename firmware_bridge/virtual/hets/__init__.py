"""A device that speaks HETS 1.0: layouts, memory and state machine, without any IO."""
