"""What a call hands on to the calls made on its behalf: request id and deadline."""

from __future__ import annotations

import contextvars
import time
from dataclasses import dataclass, replace

REQUEST_ID_KEY = "x-request-id"
"""Metadata key of the request id."""


@dataclass(frozen=True)
class CallScope:
    """The call that the running task works for."""

    request_id: str = ""
    """Empty outside of any call."""

    deadline: float | None = None
    """On `time.monotonic`'s clock; None when nobody set one."""

    def remaining(self, timeout: float | None = None) -> float | None:
        """Seconds left, at most `timeout`; None when neither sets a limit."""
        if self.deadline is None:
            return timeout
        left = max(0.0, self.deadline - time.monotonic())
        return left if timeout is None else min(left, timeout)


_NO_CALL = CallScope()

_scope: contextvars.ContextVar[CallScope] = contextvars.ContextVar(
    "songreel_call", default=_NO_CALL
)


def current_call() -> CallScope:
    """The call that the running task (or its thread) works for."""
    return _scope.get()


def enter_call(*, request_id: str | None = None, deadline: float | None = None) -> None:
    """Says for the rest of the running task what it works for; None leaves as it was."""
    scope = _scope.get()
    _scope.set(
        replace(
            scope,
            request_id=scope.request_id if request_id is None else request_id,
            deadline=scope.deadline if deadline is None else deadline,
        )
    )
