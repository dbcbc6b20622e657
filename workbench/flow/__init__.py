"""Floor 1: the language. Pure values and functions: no IO, no clock, no randomness."""
