"""What keeps the rest true while nobody asks."""
