"""Connecting, reconnecting and disconnecting accounts."""
