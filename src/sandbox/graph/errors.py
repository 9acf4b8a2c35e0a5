"""Refusals in Graph's words: status, code and message of each error the sandbox gives by itself.

Codes and messages are those of Microsoft's error pages and of the threads that report them, as of November 2026.
"""

from collections.abc import Mapping

from sandbox.world.model import MailboxKind


class GraphError(Exception):
    """An error answer in the making."""

    def __init__(
        self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})


def unauthenticated(message: str, authority: str) -> GraphError:
    """401 for a missing, unknown or expired access token."""
    challenge = f'Bearer realm="", authorization_uri="{authority}/oauth2/v2.0/authorize", client_id="graph"'
    return GraphError(401, "InvalidAuthenticationToken", message, {"WWW-Authenticate": challenge})


def access_denied() -> GraphError:
    """403: a scope is missing, or the calendar may only be read."""
    return GraphError(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")


def not_found() -> GraphError:
    """404 for an event or calendar that isn't in this mailbox."""
    return GraphError(404, "ErrorItemNotFound", "The specified object was not found in the store.")


def malformed_id() -> GraphError:
    """400 for a text that can't be an id."""
    return GraphError(400, "ErrorInvalidIdMalformed", "Id is malformed.")


def unknown_zone(name: str) -> GraphError:
    """400 for a time zone that is neither a Windows nor an IANA name."""
    text = (
        f"A valid TimeZone value must be specified. The following TimeZone value is not supported: '{name}'."
    )
    return GraphError(400, "TimeZoneNotSupportedException", text)


def invalid_parameter(message: str) -> GraphError:
    """400 for a query parameter that is missing or can't be read."""
    return GraphError(400, "ErrorInvalidParameter", message)


def invalid_property(message: str = "At least one property failed validation.") -> GraphError:
    """400 for an event whose properties contradict each other or the schema."""
    return GraphError(400, "ErrorPropertyValidationFailure", message)


def unreadable_body(message: str) -> GraphError:
    """400 for a body that isn't JSON, or names properties that events don't have."""
    return GraphError(400, "RequestBodyRead", message)


def stale_etag() -> GraphError:
    """412 for an If-Match that isn't the present etag."""
    return GraphError(
        412,
        "ErrorIrresolvableConflict",
        "The send or update operation could not be performed because the change key passed in the request"
        " does not match the current change key for the item.",
    )


def throttled(retry_after: str | None) -> GraphError:
    """429 for more requests at once than a mailbox allows."""
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    text = "Application is over its MailboxConcurrency limit."
    return GraphError(429, "ApplicationThrottled", text, headers)


def too_slow() -> GraphError:
    """504 for a question that the mailbox does not answer in the time that Graph gives it."""
    return GraphError(504, "UnknownError", "")


def invalid_subscription(message: str) -> GraphError:
    """400 for a subscription that can't be read, or asks for what there isn't."""
    return GraphError(400, "InvalidRequest", message)


def address_not_proven(fault: str) -> GraphError:
    """400 for an address that didn't pass the test: "timed out", "wrong status" or "wrong answer"."""
    if fault == "timed out":
        return GraphError(400, "InvalidRequest", "Subscription validation request timed out.")
    what = "Notification endpoint must respond with 200 OK to validation request."
    if fault == "wrong answer":
        what = "Response must exactly match validationToken query parameter."
    return GraphError(400, "ValidationError", f"Subscription validation request failed. {what}")


def lifetime_too_long(minutes: float) -> GraphError:
    """400 for a subscription that is to last too long."""
    reason = f"Subscription expiration can only be {minutes:.0f} minutes in the future."
    return GraphError(
        400, "ExtensionError", f"Operation: Create; Exception: [Status Code: BadRequest; Reason: {reason}]"
    )


def too_many_subscriptions() -> GraphError:
    """403 for one subscription more than a mailbox may have."""
    reason = "Maximum number of subscriptions has been reached"
    return GraphError(
        403, "ExtensionError", f"Operation: Create; Exception: [Status Code: Forbidden; Reason: {reason}]"
    )


def already_subscribed(subscription_id: str) -> GraphError:
    """409 for a second subscription with the same resource and kinds of changes."""
    text = f"Subscription Id {subscription_id} already exists for the requested combination"
    return GraphError(409, "ObjectIdentifierInUse", text)


def no_subscription() -> GraphError:
    """404 for a subscription that has ended, or is somebody else's."""
    return GraphError(404, "ResourceNotFound", "The object was not found.")


_INACTIVE = "The mailbox is either inactive, soft-deleted, or is hosted on-premise."
_MAILBOXES: dict[MailboxKind, tuple[str, str]] = {
    "on_premises": ("MailboxNotEnabledForRESTAPI", _INACTIVE),
    "not_supported": ("MailboxNotSupportedForRESTAPI", "REST API is not yet supported for this mailbox."),
    "unlicensed": ("MailboxNotEnabledForRESTAPI", _INACTIVE),
    "none": ("ErrorNonExistentMailbox", "The SMTP address has no mailbox associated with it."),
}


def mailbox_refusal(kind: MailboxKind, method: str) -> GraphError | None:
    """403 for what a mailbox that is there refuses: a full one takes nothing more, a suspended one is closed."""
    if kind == "full" and method in ("POST", "PATCH"):
        return GraphError(403, "ErrorQuotaExceeded", "The mailbox quota has been exceeded.")
    if kind == "suspended":
        return GraphError(
            403,
            "ErrorAccountSuspend",
            "Account suspended. Follow the instructions in your Inbox to verify your account.",
        )
    return None


def no_mailbox(kind: MailboxKind) -> GraphError | None:
    """404 for a person whose mailbox Graph can't reach; None for one it can."""
    return GraphError(404, *_MAILBOXES[kind]) if kind in _MAILBOXES else None
