"""What strangers try, and how each try has to end: one table, of those in the other modules.

"UNAUTHENTICATED TOKEN_EXPIRED" is code and reason as they arrive over gRPC;
"-" for a reason is an answer of gRPC itself, which knows no reasons.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import grpc
from google.rpc import error_details_pb2, status_pb2

from songreel_testing.gateway.checked_gateway import CheckedGateway

Run = Callable[[CheckedGateway], Awaitable[str | None]]


@dataclass(frozen=True)
class Attack:
    """One try. What `run` returns is how it ended, where no call failed."""

    group: str
    name: str
    ends: str
    run: Run
    because: str = ""
    """Part of what it is told; else it might be refused for another reason."""


ATTACKS: list[Attack] = []


def attack(group: str, name: str, ends: str, because: str = "") -> Callable[[Run], Run]:
    """Adds a function to the table."""

    def add(run: Run) -> Run:
        ATTACKS.append(Attack(group, name, ends, run, because))
        return run

    return add


async def ending(tried: Attack, gateway: CheckedGateway) -> str:
    """How a try ended."""
    try:
        return await tried.run(gateway) or "LET IN"
    except grpc.RpcError as error:
        said = str(getattr(error, "details", str)())
        return told(error) if tried.because in said else f"{told(error)}, but: {said}"


def told(error: Any) -> str:
    """Code and reason of a failed call."""
    info = detail(error, error_details_pb2.ErrorInfo)
    return f"{error.code().name} {info.reason if info else '-'}"


def detail(error: Any, kind: Any) -> Any:
    """A detail of a rich status, or None."""
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            for packed in status_pb2.Status.FromString(value).details:
                found = kind()
                if packed.Unpack(found):
                    return found
    return None


def whole_table() -> list[Attack]:
    """All of them."""
    for module in ("attacks_tokens", "attacks_keys", "attacks_names", "attacks_limits"):
        import_module(f"songreel_testing.gateway.{module}")
    return ATTACKS
