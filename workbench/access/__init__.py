"""Floor 4, leftmost feature: workspaces, API keys, who calls, and first answers by idempotency key."""
