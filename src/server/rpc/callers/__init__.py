"""Who calls: identified, held to what they may do, and to how much of it."""
