"""Which keys of encryption are in use and by whom, and exchanging one while the service runs."""
