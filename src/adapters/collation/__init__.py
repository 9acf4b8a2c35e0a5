"""The Unicode Collation Algorithm."""
