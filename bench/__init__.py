"""Measures what a call costs, as ratios inside one run: see docs/performance.md. Run by `make bench`."""
