"""Floor 3: walks flows, keeps the queue, journals, recovers, debugs. One event loop in one thread."""
