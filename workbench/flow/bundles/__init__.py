"""Bundles: functions as one JSON document, to keep, to send and to read back. Pure: values in, values out."""
