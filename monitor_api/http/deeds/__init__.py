"""What callers may change: each deed in one transaction, with its trail and its change."""
