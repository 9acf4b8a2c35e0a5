"""What a run of faults computes from what it sees: its invariants must be able to fail."""
