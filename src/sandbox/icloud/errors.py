"""Refusals of iCloud: a status, and often the precondition that was not met."""

from sandbox.icloud.xml import CALDAV, DAV, Element, Name, document


class DavError(Exception):
    """An error answer in the making. Without a `condition` it has no body."""

    def __init__(self, status: int, condition: Name | None = None) -> None:
        super().__init__(condition.local if condition else str(status))
        self.status = status
        self.condition = condition

    def body(self) -> str | None:
        """The answer's body."""
        if self.condition is None:
            return None
        return document(Element(Name(DAV, "error"), (Element(self.condition),)))


def refused(local: str) -> DavError:
    """403 with a precondition of WebDAV."""
    return DavError(403, Name(DAV, local))


def refused_calendar(local: str) -> DavError:
    """403 with a precondition of CalDAV."""
    return DavError(403, Name(CALDAV, local))


def bad_request() -> DavError:
    """400: what iCloud can't or won't read."""
    return DavError(400)


def not_found() -> DavError:
    """404."""
    return DavError(404)


def precondition_failed() -> DavError:
    """412: If-Match or If-None-Match."""
    return DavError(412)
