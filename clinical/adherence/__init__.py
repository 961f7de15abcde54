"""What was planned, what was done, and what cannot be known yet: days, slots, adherence and its horizon."""
