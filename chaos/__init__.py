"""Faults by the hundred against the real service, and what must hold after them: docs/chaos.md."""
