"""The gate of the gRPC side: who calls is found out, and let in as far as the method's rule and their limits allow."""

import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from application.callers.known_callers import Identity
from domain.caller import ScopeMissing
from domain.question_size import QuestionTooLarge
from server.current_call import CurrentCall
from server.rpc.callers.identification import Identification
from server.rpc.callers.limits import OF_A_BATCH, CallerLimits, CallerUse
from server.rpc.callers.rules import Rule
from server.rpc.calls import Context

MOST_USES: int = 2_000
"""Callers whose use is remembered; beyond that, those that use nothing are forgotten."""


class Gate:
    """Without `limits`, whoever is let in may use all of the process."""

    def __init__(
        self,
        identification: Identification,
        limits: CallerLimits | None = None,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._identification = identification
        self._limits = limits
        self._uses: dict[str, CallerUse] = {}
        self.time = monotonic

    def let_in(
        self, call: CurrentCall, authorization: tuple[object, ...], context: Context, rule: Rule
    ) -> Identity:
        """Who calls, which is told to the call as well.

        Raises CredentialsMissing, CredentialsInvalid, ScopeMissing, StoreUnavailable.
        """
        identity = self._identification.identify(authorization, context)
        call.caller = identity.caller
        if rule.scope not in identity.caller.scopes:
            raise ScopeMissing(scope=rule.scope)
        return identity

    def use_of(self, identity: Identity) -> CallerUse | None:
        if self._limits is None:
            return None
        use = self._uses.get(identity.caller.name)
        if use is None or (use.times != identity.limits_times and use.idle):
            if len(self._uses) >= MOST_USES:
                self._uses = {one: its for one, its in self._uses.items() if not its.idle}
            use = self._uses[identity.caller.name] = CallerUse(self._limits, identity.limits_times)
        return use


class AdmittedCall:
    """The block of a call that is let in. Raises what `let_in` does, and CallerLimitReached."""

    __slots__ = ("_authorization", "_call", "_context", "_gate", "_others", "_rule", "_use")

    def __init__(
        self, gate: Gate, call: CurrentCall, authorization: tuple[object, ...], context: Context, rule: Rule
    ) -> None:
        self._gate, self._call, self._authorization = gate, call, authorization
        self._context, self._rule = context, rule
        self._others = 0

    def __enter__(self) -> Self:
        identity = self._gate.let_in(self._call, self._authorization, self._context, self._rule)
        self._use = self._gate.use_of(identity)
        if self._use is not None:
            self._use.begin_call(self._rule, self._gate.time())
            self._call.cost = 0
        return self

    def charge(self, requests: int) -> None:
        """For a batch of so many: before anything of it is done, or many at once would be far beyond the limit."""
        if self._use is not None:
            self._others = min(requests, OF_A_BATCH) - 1
            self._use.begin_others(requests - 1, self._others, self._gate.time())

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._use is not None:
            refused = error.intervals if isinstance(error, QuestionTooLarge) else 0
            cost = (self._call.cost or 0) + refused
            self._use.end_call(cost, self._gate.time(), others=self._others)


class AdmittedStream:
    """The same for a stream; says who opened it."""

    __slots__ = ("_authorization", "_call", "_context", "_gate", "_rule", "_use")

    def __init__(
        self, gate: Gate, call: CurrentCall, authorization: tuple[object, ...], context: Context, rule: Rule
    ) -> None:
        self._gate, self._call, self._authorization = gate, call, authorization
        self._context, self._rule = context, rule

    def __enter__(self) -> Identity:
        identity = self._gate.let_in(self._call, self._authorization, self._context, self._rule)
        self._use = self._gate.use_of(identity)
        if self._use is not None:
            self._use.begin_stream(self._gate.time())
        return identity

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._use is not None:
            self._use.end_stream()


def require_of_all(call: CurrentCall, rule: Rule, request: Any) -> None:
    """Raises ScopeMissing for a request about all experts by a caller who may ask about one."""
    names_one = "expert_id" in request.DESCRIPTOR.fields_by_name and request.expert_id
    if rule.of_all is None or names_one:
        return
    if call.caller is None or rule.of_all not in call.caller.scopes:
        raise ScopeMissing(scope=rule.of_all)
