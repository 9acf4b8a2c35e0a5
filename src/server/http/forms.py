"""The one kind of form that is taken: url-encoded, which is what providers answer with."""

from typing import Final
from urllib.parse import parse_qsl

from aiohttp import web
from multidict import MultiDict, MultiMapping

URL_ENCODED: Final = "application/x-www-form-urlencoded"
MOST_FIELDS: Final = 100


class FormDamaged(ValueError):
    """The body is not a url-encoded form."""


async def url_encoded_form(request: web.Request) -> MultiMapping[str]:
    """The fields of a POST. Raises FormDamaged, and HTTPUnsupportedMediaType for another kind of body.

    The library's own parser accepts files, too, and fails in its own ways on whatever is written into the type.
    """
    if request.content_type != URL_ENCODED or "Content-Encoding" in request.headers:
        raise web.HTTPUnsupportedMediaType
    body = await request.read()
    try:
        fields = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS
        )
    except ValueError as exc:
        raise FormDamaged from exc
    return MultiDict(fields)
