"""Block types of the category `flow`, one file each."""
