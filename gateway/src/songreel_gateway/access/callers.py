"""Who calls."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """Role of a caller."""

    CREATOR = "creator"
    """A person who makes videos, in one project."""

    PARTNER = "partner"
    """A partner's service: everything in one project."""

    OPERATOR = "operator"
    """An operator of the gateway: jobs of all projects, no media."""


@dataclass(frozen=True)
class Caller:
    """An authenticated caller."""

    project: str
    role: Role
    key: str
    """Id of the API key, or "oidc"."""
    account: str
    """Account of the rate: the key, or a hash of the token's subject."""
    calls_per_minute: int
