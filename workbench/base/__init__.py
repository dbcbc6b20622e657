"""Floor 0: what every floor may know. Errors, settings, clock, ids, wire models, values, probes."""
