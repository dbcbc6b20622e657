"""The schema: the sum of the numbered SQL files here, and what runs them."""
