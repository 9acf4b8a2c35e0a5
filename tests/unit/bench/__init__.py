"""What the bench computes. What it measures is not tested: no machine is quiet enough for that."""
