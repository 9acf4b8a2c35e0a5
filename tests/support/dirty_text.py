"""Text that nothing behind an adapter accepts, and what each member of an answer may hold instead of text."""

from calendarsync.v1.calendar_pb2 import Calendar

HALF_A_PAIR = "\ud83d"
DIRTY = {
    "half a surrogate pair": f"before {HALF_A_PAIR} after",
    "NUL": "before \0 after",
    "a control character": "before \x07 after",
    "a line end": "before\r\nafter",
    "no character": "before \uffff after",
    "five thousand characters": "x" * 5_000,
    "a number": 7,
    "a list": ["x"],
    "nothing": None,
}


def is_clean(text: str) -> bool:
    """Whether a message, the database and a mail take it."""
    message = Calendar(name=text)
    return message.name == text and not any(one < " " or one in "\x7f\ufffe\uffff" for one in text)
