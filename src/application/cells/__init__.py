"""Cells, and experts who move from one to another."""
