"""How objects show themselves: HTML without script, in Lab's colours."""
