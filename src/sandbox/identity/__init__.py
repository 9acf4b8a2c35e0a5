"""The identity platform: discovery, sign-in pages, tokens."""
