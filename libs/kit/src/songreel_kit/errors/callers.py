"""Errors of who calls: say who you are, or ask for the right."""

# ruff: noqa: N818 - the names are those of the reasons, and none needs "Error" to be clear

from __future__ import annotations

import grpc

from songreel_kit.errors.base import SongreelError

__all__ = [
    "ApprovalNeeded",
    "ConsentWithdrawn",
    "GrantExpired",
    "GrantInvalid",
    "GrantSpent",
    "PermissionDenied",
    "TokenExpired",
    "Unauthenticated",
]


class Unauthenticated(SongreelError):
    """The caller did not say, or could not prove, who it is."""

    code = grpc.StatusCode.UNAUTHENTICATED


class TokenExpired(Unauthenticated):
    """The token is too old: get another one."""


class PermissionDenied(SongreelError):
    """The caller is known and may not do this."""

    code = grpc.StatusCode.PERMISSION_DENIED


class ApprovalNeeded(PermissionDenied):
    """The chosen way through the enrolment needs the operator's approval."""


class ConsentWithdrawn(PermissionDenied):
    """The person has withdrawn the consent."""


class GrantInvalid(PermissionDenied):
    """The grant is not signed by the identity service, or is for another use."""


class GrantExpired(PermissionDenied):
    """The grant is too old."""


class GrantSpent(PermissionDenied):
    """The grant was used before."""
