"""Misuse and safety rules: one function each, gathered in one table."""
