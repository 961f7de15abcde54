"""An example of each thing that a rule can say: what the handbook shows, and what the rules are held against."""
