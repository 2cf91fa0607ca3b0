"""Errors of the server and its data."""

# ruff: noqa: N818 - the names are those of the reasons, and none needs "Error" to be clear

from __future__ import annotations

import grpc

from songreel_kit.errors.base import SongreelError

__all__ = [
    "ArtifactCorrupt",
    "AuditBroken",
    "Cancelled",
    "DataLoss",
    "DeadlineExceeded",
    "InternalError",
    "ServiceUnavailable",
    "StreamStalled",
    "Unimplemented",
]


class Unimplemented(SongreelError):
    """This server does not know the method."""

    code = grpc.StatusCode.UNIMPLEMENTED


class ServiceUnavailable(SongreelError):
    """A service that is needed cannot be reached now."""

    code = grpc.StatusCode.UNAVAILABLE
    retry_seconds = 1.0


class DeadlineExceeded(SongreelError):
    """The time allowed for the call ran out."""

    code = grpc.StatusCode.DEADLINE_EXCEEDED


class StreamStalled(DeadlineExceeded):
    """The client sent nothing for too long."""


class Cancelled(SongreelError):
    """The caller took the request back."""

    code = grpc.StatusCode.CANCELLED


class DataLoss(SongreelError):
    """Data that was stored is lost or damaged."""

    code = grpc.StatusCode.DATA_LOSS


class ArtifactCorrupt(DataLoss):
    """The stored bytes do not have the hash or size they were stored under."""


class AuditBroken(DataLoss):
    """The audit log's chain of hashes is broken."""


class InternalError(SongreelError):
    """A mistake in songreel; the message tells no internals, the log does."""

    code = grpc.StatusCode.INTERNAL
    reason = "INTERNAL"
