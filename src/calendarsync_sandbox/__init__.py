"""CalendarSync on this machine, for the tests of those who call it: docs/testing-your-integration.md."""

from calendarsync_sandbox.running import DidNotStart, Refused, Running, running

__all__ = ["DidNotStart", "Refused", "Running", "running"]
