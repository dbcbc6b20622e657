"""Block types of the category `data`, one file each."""
