"""Refusals of the Calendar API in Google's words: status, reason and message of each one the sandbox gives."""

from typing import Any

from sandbox.world.google.settings import RefusalForm

_STATUS = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND"}


class GoogleError(Exception):
    """An error answer in the making. `detail` is the reason in the newer form, where Google gives one."""

    def __init__(
        self, status: int, reason: str, message: str, *, domain: str = "global", detail: str | None = None
    ) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.message = message
        self.domain = domain
        self.detail = detail

    def body(self, form: RefusalForm) -> dict[str, Any]:
        """The answer's body. The forms differ for those refusals that have a newer one."""
        error: dict[str, Any] = {"code": self.status, "message": self.message}
        if self.detail is None or form != "details":
            error["errors"] = [{"domain": self.domain, "reason": self.reason, "message": self.message}]
        if self.detail is not None and form != "errors":
            kind = "type.googleapis.com/google.rpc.ErrorInfo"
            error["status"] = _STATUS[self.status]
            error["details"] = [{"@type": kind, "reason": self.detail, "domain": "googleapis.com"}]
        return {"error": error}


def unauthenticated() -> GoogleError:
    """401 for a missing, unknown or expired access token."""
    return GoogleError(401, "authError", "Invalid Credentials")


def missing_scope() -> GoogleError:
    """403: the token has none of the scopes that open this method."""
    text = "Request had insufficient authentication scopes."
    return GoogleError(403, "insufficientPermissions", text, detail="ACCESS_TOKEN_SCOPE_INSUFFICIENT")


def no_calendar_user() -> GoogleError:
    """403: the person has no Google Calendar."""
    return GoogleError(
        403, "notACalendarUser", "The user must be signed up for Google Calendar.", domain="calendar"
    )


def forbidden() -> GoogleError:
    """403: no right on this calendar."""
    return GoogleError(403, "forbidden", "Forbidden")


def not_found() -> GoogleError:
    """404: never there, or not this person's to see."""
    return GoogleError(404, "notFound", "Not Found")


def invalid(name: str) -> GoogleError:
    """400 for a value that can't be."""
    return GoogleError(400, "invalid", f"Invalid value for: {name}")


def no_write_access(reason: str) -> GoogleError:
    """403: the person's role on this calendar doesn't let them write."""
    text = "You need to have writer access to this calendar."
    return GoogleError(403, reason, text, domain="calendar")


def duplicate() -> GoogleError:
    """409: there is, or was, an event with this id."""
    return GoogleError(409, "duplicate", "The requested identifier already exists.")


def deleted() -> GoogleError:
    """410: it has been deleted before."""
    return GoogleError(410, "deleted", "Resource has been deleted")


def condition_not_met() -> GoogleError:
    """412: the etag is that of an older version."""
    return GoogleError(412, "conditionNotMet", "Precondition Failed")


def usage_limit(status: int, reason: str) -> GoogleError:
    """403 or 429: too much in a minute."""
    text = {
        "quotaExceeded": "Calendar usage limits exceeded.",
        "dailyLimitExceeded": "Daily Limit Exceeded",
        "userRateLimitExceeded": "User Rate Limit Exceeded",
    }.get(reason, "Rate Limit Exceeded")
    return GoogleError(status, reason, text, domain="usageLimits")


def required(name: str) -> GoogleError:
    """400 for something that isn't there."""
    return GoogleError(400, "required", f"Missing required field: {name}")


def bad_request() -> GoogleError:
    """400 for what fits no other word."""
    return GoogleError(400, "badRequest", "Bad Request")


def invalid_selection(name: str) -> GoogleError:
    """400 for a `fields` string that isn't written right, or names what isn't there."""
    return GoogleError(400, "invalidParameter", f"Invalid field selection {name}")


def empty_range() -> GoogleError:
    """400 for a window that ends before it begins."""
    return GoogleError(400, "timeRangeEmpty", "The specified time range is empty.", domain="calendar")


def long_range() -> GoogleError:
    """400 for a window that freebusy finds too long."""
    return GoogleError(400, "timeRangeTooLong", "The requested time range is too long.", domain="calendar")
