"""Ingest: from sealed batches on the broker to rows on disk, and a receipt after that."""
