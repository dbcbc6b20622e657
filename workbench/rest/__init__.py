"""Between floors 3 and 4: how any route is written. Caller, envelope, operations, paging, idempotency, event types."""
