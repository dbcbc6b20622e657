"""Floor 2: the log (commit point), DuckDB (what it is read through), values (content-addressed files)."""
