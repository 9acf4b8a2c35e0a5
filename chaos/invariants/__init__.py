"""What must be true once everything has settled. Each finds facts against it; where there are none, it holds."""
