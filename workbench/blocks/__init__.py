"""Floor 2: what a block type is, and the self-sufficient types. A folder per category, one file per type."""
