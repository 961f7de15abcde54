"""The far side: ingest, stores, check, HTTP API, screens."""
