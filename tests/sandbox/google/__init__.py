"""The stand-in for Google, over real HTTPS."""
