"""Faults to order: which requests fail, how, and how many times."""

import base64
import re
from dataclasses import dataclass, field
from typing import Any, Literal

from sandbox.world.choices import require_choices

Surface = Literal[
    "graph",
    "token",
    "authorize",
    "metadata",
    "google",
    "google-token",
    "google-revoke",
    "google-authorize",
    "google-metadata",
    "icloud",
]
FaultKind = Literal["answer", "truncate", "without_value", "hang", "cut", "cut_inside"]


@dataclass(slots=True, kw_only=True, eq=False)
class Fault:
    """One fault and the requests it hits.

    It is for those of a `surface` ("metadata" being discovery and signing keys, at Google userinfo too), `method`,
    `path` (a regular expression, searched in the raw path), `person` (a key) and `page` (1 being the first of a
    list). Of these the first `skip` pass, then `times` are hit (None: until cleared). `seen` and `hits` count both.

    Kinds: "answer" replies with `status`, `body` (JSON, or text if a string), `content_type`, `headers`;
    "truncate" cuts the real JSON in half; "without_value" drops `value` from it; "hang" waits `seconds` and
    then goes on as usual; "cut" closes the connection without a reply; "cut_inside" in the middle of it.
    With `perform` the request is carried out first, so that it took effect although it is reported failed
    ("truncate", "without_value" and "cut_inside" always do that).
    """

    kind: FaultKind = "answer"
    surface: Surface = "graph"
    method: str | None = None
    path: str = ""
    person: str | None = None
    page: int | None = None
    times: int | None = 1
    skip: int = 0
    perform: bool = False
    status: int = 503
    body: Any = None
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 0
    seen: int = 0
    hits: int = 0

    def __post_init__(self) -> None:
        require_choices(Fault, {"kind": self.kind, "surface": self.surface})
        try:
            re.compile(self.path)
        except re.error as error:
            raise ValueError(f"path is no regular expression: {error}") from None

    def fits(self, surface: Surface, method: str, path: str, person: str | None, page: int) -> bool:
        """Whether a request is one of those this fault is for."""
        return (
            self.surface == surface
            and self.method in (None, method)
            and self.person in (None, person)
            and self.page in (None, page)
            and re.search(self.path, path) is not None
        )


class Faults:
    """The faults in force, the oldest first."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def all(self) -> list[Fault]:
        """Faults that were added and not cleared, used-up ones included (see `hits`)."""
        return list(self._faults)

    def add(self, **details: Any) -> Fault:
        """Add any fault; `details` are the fields of `Fault`."""
        fault = Fault(**details)
        self._faults.append(fault)
        return fault

    def clear(self) -> None:
        """Everything works again from the next request on."""
        self._faults.clear()

    def take(
        self, surface: Surface, method: str, path: str, person: str | None, page: int = 1
    ) -> Fault | None:
        """The fault that hits this request, counted as one of its `times`."""
        for fault in self._faults:
            if not fault.fits(surface, method, path, person, page):
                continue
            fault.seen += 1
            if fault.seen > fault.skip and (fault.times is None or fault.hits < fault.times):
                fault.hits += 1
                return fault
        return None

    def answer(
        self,
        status: int,
        *,
        code: str | None = None,
        message: str = "Injected by the sandbox.",
        retry_after: str | None = None,
        **details: Any,
    ) -> Fault:
        """Graph replies with a status and an error in its envelope (`code` None: an empty body).

        `retry_after` is the header as it shall stand: "2.128", a date, or None for no header.
        """
        headers = details.pop("headers", {}) | ({"Retry-After": retry_after} if retry_after else {})
        body = None if code is None else {"error": {"code": code, "message": message}}
        return self.add(**{"body": body, **details}, status=status, headers=headers)

    def html(self, status: int = 200, **details: Any) -> Fault:
        """A web page comes instead of JSON, as from a proxy on the way."""
        page = "<!DOCTYPE html><html><head><title>Service</title></head><body><h1>Our services</h1></body></html>"
        return self.add(**details, status=status, body=page, content_type="text/html")

    def error_inside_200(self, code: str = "ErrorInternalServerTransientError", **details: Any) -> Fault:
        """Status 200, and an error object where the data should be."""
        return self.answer(200, code=code, **details)

    def claims_challenge(self, **details: Any) -> Fault:
        """Graph refuses the token until the person has met a policy (continuous access evaluation)."""
        claims = base64.b64encode(
            b'{"access_token":{"nbf":{"essential":true,"value":"1700000000"}}}'
        ).decode()
        challenge = f'Bearer realm="", client_id="graph", error="insufficient_claims", claims="{claims}"'
        return self.answer(
            401, code="InvalidAuthenticationToken", headers={"WWW-Authenticate": challenge}, **details
        )

    def authorize_error(
        self, error: str, *, description: str = "Injected by the sandbox.", **details: Any
    ) -> Fault:
        """A sign-in is sent back at once with an OAuth error."""
        body = {"error": error, "error_description": description}
        return self.add(**details, surface="authorize", body=body)

    def google_error(
        self,
        status: int,
        reason: str,
        *,
        domain: str = "global",
        message: str = "Injected by the sandbox.",
        retry_after: str | None = None,
        **details: Any,
    ) -> Fault:
        """Google's Calendar API refuses with a reason, such as rateLimitExceeded (domain usageLimits)."""
        error = {"domain": domain, "reason": reason, "message": message}
        body = {"error": {"code": status, "message": message, "errors": [error]}}
        headers = {"Retry-After": retry_after} if retry_after else {}
        return self.add(**{"surface": "google", **details}, status=status, body=body, headers=headers)

    def dav_error(
        self, status: int, condition: str = "", *, retry_after: str | None = None, **details: Any
    ) -> Fault:
        """ICloud refuses; `condition` is what a WebDAV error says was not met: need-privileges ("": no body)."""
        body = f'<error xmlns="DAV:"><{condition} xmlns="DAV:"/></error>' if condition else None
        headers = {"Retry-After": retry_after} if retry_after else {}
        fields = {"surface": "icloud", "body": body, "content_type": "application/xml", **details}
        return self.add(**fields, status=status, headers=headers)

    def redirect(self, to: str, *, status: int = 301, **details: Any) -> Fault:
        """ICloud sends the client elsewhere."""
        return self.add(**{"surface": "icloud", **details}, status=status, headers={"Location": to})

    def doctype(self, **details: Any) -> Fault:
        """ICloud's answer begins with a DOCTYPE, whose entities grow a thousandfold."""
        entities = '<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
        body = f'<!DOCTYPE multistatus [{entities}]><multistatus xmlns="DAV:">&b;</multistatus>'
        fields = {"surface": "icloud", "content_type": "application/xml", **details}
        return self.add(**fields, status=207, body=f'<?xml version="1.0"?>{body}')

    def google_token_error(
        self,
        error: str,
        *,
        subtype: str | None = None,
        status: int = 400,
        description: str = "Injected by the sandbox.",
        **details: Any,
    ) -> Fault:
        """Google's token endpoint refuses, with an `error_subtype` if one is given."""
        body = {"error": error, "error_description": description}
        body |= {"error_subtype": subtype} if subtype is not None else {}
        return self.add(**{"surface": "google-token", **details}, status=status, body=body)

    def token_error(
        self,
        error: str,
        *,
        codes: tuple[int, ...] = (),
        suberror: str | None = None,
        status: int = 400,
        description: str = "Injected by the sandbox.",
        **details: Any,
    ) -> Fault:
        """The token endpoint refuses with an OAuth error, AADSTS numbers and a suberror."""
        text = "".join(f"AADSTS{code}: " for code in codes[:1]) + description
        body = {"error": error, "error_description": text, "error_codes": list(codes)}
        if suberror is not None:
            body["suberror"] = suberror
        return self.add(**details, surface="token", status=status, body=body)
