"""Change notifications from the providers."""
