"""Who calls: credentials made, listed and revoked, and callers identified by them."""
