"""A stand-in for Google: sign-in, tokens and the Calendar API, on the sandbox's own world."""
