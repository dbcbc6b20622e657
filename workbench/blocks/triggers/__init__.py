"""Block types of the category `triggers`, one file each."""
