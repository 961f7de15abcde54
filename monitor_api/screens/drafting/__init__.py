"""The prescribing screens: where to begin, the form of a draft, and what somebody signs."""
