"""Encryption at rest."""

from adapters.crypto.cipher import KeyRing, KeysInvalid

__all__ = ["KeyRing", "KeysInvalid"]
