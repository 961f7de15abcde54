"""The uplink wire: sealed batches up, receipts down (architecture, "The wire")."""
