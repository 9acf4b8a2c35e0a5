"""The HTTP side: what browsers and orchestrators see."""
