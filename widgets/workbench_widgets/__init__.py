"""The widgets: a canvas that builds, runs and debugs functions."""
