"""Check: hold what is stored against what was prescribed, and say so in one transaction."""
