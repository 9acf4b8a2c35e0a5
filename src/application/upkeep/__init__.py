"""What keeps everything else up to date while nobody asks."""
