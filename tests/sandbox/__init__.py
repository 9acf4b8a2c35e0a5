"""Tests of the sandbox, over real HTTPS."""
