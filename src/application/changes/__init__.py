"""Telling callers what changed."""
