"""Experts and their plans."""
