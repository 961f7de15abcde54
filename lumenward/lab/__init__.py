"""The fault laboratory: named faults with a seed, done to the processes that ship, and what must come out."""
