"""The radio edge: bleak on the one hand, the session book on the other."""
