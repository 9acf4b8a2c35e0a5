"""Booked sessions and their events."""
