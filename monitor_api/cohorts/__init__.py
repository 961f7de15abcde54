"""Figures over many patients at once, as queries over columns of session facts."""
