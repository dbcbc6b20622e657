"""What a notebook imports: `connect()` and the objects it leads to. Speaks only the REST contract."""
