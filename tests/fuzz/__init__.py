"""Generated calls of every method and every route: docs are in tests/README.md, `make fuzz` runs many of them."""
