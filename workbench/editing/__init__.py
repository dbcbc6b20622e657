"""Canvases and functions: what people draw, with its versions and breakpoints."""
