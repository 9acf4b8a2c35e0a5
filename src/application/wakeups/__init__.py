"""What is checked again at once, because what it waited for may have happened."""
