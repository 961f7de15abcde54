"""A virtual BlockBlueLight panel, with the habits of the real one (docs/blockbluelight.md)."""
