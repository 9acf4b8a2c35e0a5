"""What is looked at again at once, because what it waited for may have come."""
