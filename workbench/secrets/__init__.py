"""Floor 4: secrets. Encrypted at rest by a key that is kept outside the log, read by blocks at their attempt."""
