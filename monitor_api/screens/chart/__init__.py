"""A session as a chart: one reading of it feeds the picture, the words and the table."""
