"""Block types of the category `control`, one file each."""
