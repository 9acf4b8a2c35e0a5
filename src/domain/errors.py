"""The root of everything a rule can answer instead of a value, and the one answer that many rules share."""


class DomainError(Exception):
    """A rule said no.

    Subclasses carry fields for the callers' machines, never prose and never personal data; the wording is the
    server's. Each is defined beside the rule that raises it.
    """


class EtagMismatch(DomainError):
    """Somebody else changed the resource since the caller read it."""
