"""Runs: starting, watching, cancelling and debugging them, and studying their history."""
