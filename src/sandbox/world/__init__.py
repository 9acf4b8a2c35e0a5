"""The state of the sandbox, without any network."""
