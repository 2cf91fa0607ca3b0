"""Who calls."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What somebody is to the gateway."""

    CREATOR = "creator"
    """A person who makes videos, in one project."""

    PARTNER = "partner"
    """A partner's service: all of one project."""

    OPERATOR = "operator"
    """Who runs the gateway: the jobs of all projects, but nobody's media."""


@dataclass(frozen=True)
class Caller:
    """Somebody that the gateway has recognised."""

    project: str
    role: Role
    key: str
    """Id of the API key, or "oidc"."""
    account: str
    """Whose rate it is: the key, or a hash of the provider's name for the person."""
    calls_per_minute: int
