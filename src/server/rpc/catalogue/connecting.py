"""Why an account can't be connected, or a sign-in can't be finished."""

from collections.abc import Mapping

import grpc

from calendarsync.v1.error_reason_pb2 import ErrorReason
from domain.account import ProviderNotAvailable
from domain.connection import (
    AccountMismatch,
    AdminApprovalRequired,
    BlockedByOrganisation,
    ConnectionAttemptExpired,
    ConnectionAttemptNotFound,
    ConnectionAttemptOtherWay,
    MailboxNotServed,
    SignInCancelled,
    SignInInterrupted,
    SignInRefused,
)
from domain.expert import AccountLimitReached
from domain.permissions import PermissionsMissing
from server.rpc.catalogue.entry import Entry
from server.rpc.error_details import help_with, unmet
from server.rpc.provider_pages import consent_help, who_am_i

CONNECTING: Mapping[type[Exception], Entry] = {
    ConnectionAttemptNotFound: Entry(
        code=grpc.StatusCode.NOT_FOUND,
        reason=ErrorReason.ERROR_REASON_CONNECTION_ATTEMPT_NOT_FOUND,
        message="the sign-in is unknown or used up: start a new one",
    ),
    ConnectionAttemptExpired: Entry(
        code=grpc.StatusCode.FAILED_PRECONDITION,
        reason=ErrorReason.ERROR_REASON_CONNECTION_ATTEMPT_EXPIRED,
        message="the sign-in took longer than ten minutes: start a new one",
        details=lambda _: [
            unmet("sign-in", "CONNECTION_ATTEMPT_EXPIRED", "it must be finished within ten minutes")
        ],
    ),
    ConnectionAttemptOtherWay: Entry(
        code=grpc.StatusCode.FAILED_PRECONDITION,
        reason=ErrorReason.ERROR_REASON_CONNECTION_ATTEMPT_OTHER_WAY,
        message="the sign-in was begun another way, and can be finished only that way",
        metadata=lambda error: {"begun_with": error.begun.value},
        details=lambda _: [
            unmet("sign-in", "CONNECTION_ATTEMPT_OTHER_WAY", "it must come back the way it was begun")
        ],
    ),
    ProviderNotAvailable: Entry(
        code=grpc.StatusCode.UNIMPLEMENTED,
        reason=ErrorReason.ERROR_REASON_PROVIDER_NOT_AVAILABLE,
        message="accounts of this provider can't be connected here",
        metadata=lambda error: {"provider": error.provider.name},
    ),
    AccountLimitReached: Entry(
        code=grpc.StatusCode.FAILED_PRECONDITION,
        reason=ErrorReason.ERROR_REASON_ACCOUNT_LIMIT_REACHED,
        message="the plan's number of accounts is connected",
        metadata=lambda error: {
            "plan": error.plan.name,
            "limit": str(error.limit),
            "connected": str(error.connected),
        },
        details=lambda error: [
            unmet("plan", "ACCOUNT_LIMIT_REACHED", f"the plan holds {error.limit} accounts")
        ],
    ),
    SignInCancelled: Entry(
        code=grpc.StatusCode.FAILED_PRECONDITION,
        reason=ErrorReason.ERROR_REASON_SIGN_IN_CANCELLED,
        message="the person went back instead of consenting",
        details=lambda error: [
            unmet("sign-in", "SIGN_IN_CANCELLED", "the person must consent"),
            *consent_help(
                error.provider, "Read what the consent page asks, and when an administrator must approve"
            ),
        ],
    ),
    PermissionsMissing: Entry(
        code=grpc.StatusCode.FAILED_PRECONDITION,
        reason=ErrorReason.ERROR_REASON_PERMISSIONS_MISSING,
        message="required permissions were not granted",
        metadata=lambda error: {
            "missing": " ".join(error.missing),
            **({"described": "; ".join(error.described)} if error.described else {}),
        },
        details=lambda error: [
            unmet("sign-in", "PERMISSIONS_MISSING", "all permissions that were asked for must be granted"),
            *consent_help(error.provider, "Read what the consent page asks"),
        ],
    ),
    AdminApprovalRequired: Entry(
        code=grpc.StatusCode.FAILED_PRECONDITION,
        reason=ErrorReason.ERROR_REASON_ADMIN_APPROVAL_REQUIRED,
        message="only an administrator of the person's organisation can consent",
        details=lambda error: [
            unmet("sign-in", "ADMIN_APPROVAL_REQUIRED", "an administrator must approve the service"),
            help_with(("Approve the service, as an administrator", error.admin_consent_url)),
        ],
    ),
    BlockedByOrganisation: Entry(
        code=grpc.StatusCode.FAILED_PRECONDITION,
        reason=ErrorReason.ERROR_REASON_BLOCKED_BY_ORGANISATION,
        message="the person's organisation doesn't let them use the service",
        metadata=lambda error: {"provider_code": error.code} if error.code else {},
        details=lambda error: [
            unmet(
                "sign-in",
                "BLOCKED_BY_ORGANISATION",
                "an administrator must allow the service, and this person to use it",
            ),
            *consent_help(error.provider, "What the consent page asks, and when an administrator must act"),
        ],
    ),
    SignInRefused: Entry(
        code=grpc.StatusCode.FAILED_PRECONDITION,
        reason=ErrorReason.ERROR_REASON_SIGN_IN_REFUSED,
        message="the provider refused the sign-in, or its answer proves nobody's identity",
        details=lambda _: [unmet("sign-in", "SIGN_IN_REFUSED", "the person must sign in anew")],
    ),
    SignInInterrupted: Entry(
        code=grpc.StatusCode.ABORTED,
        reason=ErrorReason.ERROR_REASON_SIGN_IN_INTERRUPTED,
        message="the provider did not answer while the sign-in was being finished, and it is used up: start a new one",
    ),
    MailboxNotServed: Entry(
        code=grpc.StatusCode.FAILED_PRECONDITION,
        reason=ErrorReason.ERROR_REASON_MAILBOX_NOT_SERVED,
        message="the account has no mailbox in the provider's cloud, or its organisation closes it to apps",
        details=lambda _: [
            unmet(
                "mailbox",
                "MAILBOX_NOT_SERVED",
                "it must be a licensed mailbox in the provider's cloud, open to apps",
            )
        ],
    ),
    AccountMismatch: Entry(
        code=grpc.StatusCode.FAILED_PRECONDITION,
        reason=ErrorReason.ERROR_REASON_ACCOUNT_MISMATCH,
        message="the reconnect came back as another person",
        details=lambda error: [
            unmet("sign-in", "ACCOUNT_MISMATCH", "it must be the account that is to be reconnected"),
            *who_am_i(error.provider, "See as whom the browser is signed in"),
        ],
    ),
}
