"""Answers that have to be a JSON object."""

import json
from typing import Any

from domain.access import InvalidAnswer


def json_object(text: bytes | str) -> dict[str, Any]:
    """Raises InvalidAnswer for everything else."""
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError):
        raise InvalidAnswer(what="no JSON") from None
    if not isinstance(answer, dict):
        raise InvalidAnswer(what="no object")
    return answer
