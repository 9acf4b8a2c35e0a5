"""How rows keep what nobody may read in the database: sealed and bound to their place, or as a hash."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from application.ports.cipher import Cipher


def place(table: str, *key: str, column: str) -> str:
    """Names one column of one row, so that a sealed value moved elsewhere can't be opened."""
    return json.dumps([table, *key, column])


def seal_fields(cipher: Cipher, fields: Mapping[str, object], *, context: str) -> bytes:
    return cipher.seal(json.dumps(fields).encode(), context=context)


def open_fields(cipher: Cipher, sealed: bytes, *, context: str) -> dict[str, Any]:
    fields: dict[str, Any] = json.loads(cipher.open(sealed, context=context))
    return fields


def seal_text(cipher: Cipher, text: str, *, context: str) -> bytes:
    return cipher.seal(text.encode(), context=context)


def open_text(cipher: Cipher, sealed: bytes, *, context: str) -> str:
    return cipher.open(sealed, context=context).decode()


def hash_of(secret: str) -> bytes:
    """Finds the row of an unguessable secret without storing it; any text may be asked for."""
    return hashlib.sha256(secret.encode(errors="surrogatepass")).digest()
