"""Builds the details that errors carry besides their reason (google/rpc/error_details.proto)."""

from datetime import timedelta

from google.rpc import error_details_pb2

from server.rpc.faults import Violation


def bad_request(*violations: Violation) -> error_details_pb2.BadRequest:
    """Reasons are the rules' ids in the form that google.rpc asks for: UPPER_SNAKE_CASE."""
    return error_details_pb2.BadRequest(
        field_violations=[
            error_details_pb2.BadRequest.FieldViolation(
                field=one.field,
                description=one.description,
                reason=one.rule.upper().replace(".", "_").replace("-", "_"),
            )
            for one in violations
        ]
    )


def bad_field(field: str, rule: str, description: str) -> error_details_pb2.BadRequest:
    return bad_request(Violation(field=field, rule=rule, description=description))


def unmet(subject: str, what: str, description: str) -> error_details_pb2.PreconditionFailure:
    violation = error_details_pb2.PreconditionFailure.Violation(
        type=what, subject=subject, description=description
    )
    return error_details_pb2.PreconditionFailure(violations=[violation])


def help_with(*links: tuple[str, str]) -> error_details_pb2.Help:
    """`links` are pairs of description and URL."""
    return error_details_pb2.Help(
        links=[error_details_pb2.Help.Link(description=text, url=url) for text, url in links]
    )


def retry_in(pause: timedelta) -> error_details_pb2.RetryInfo:
    info = error_details_pb2.RetryInfo()
    info.retry_delay.FromTimedelta(pause)
    return info
