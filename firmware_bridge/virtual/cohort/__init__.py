"""A synthetic cohort: people who treat themselves at home, what is done to them, and what reaches the store of it."""
