"""Pages, by the role that opens them."""
