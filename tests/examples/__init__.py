"""The example pages, as a browser without an engine sees them; `tests/end_to_end` has them in a real one."""
