"""Errors of the moment: mend the set-up, ask for less, or begin again."""

# ruff: noqa: N818 - the names are those of the reasons, and none needs "Error" to be clear

from __future__ import annotations

import grpc

from songreel_kit.errors.base import SongreelError

__all__ = [
    "Aborted",
    "AdapterMismatch",
    "Busy",
    "CheckpointIncomplete",
    "CheckpointUnsupported",
    "ConsentMissing",
    "CredentialsUnusable",
    "DirectTransferUnavailable",
    "DiskFull",
    "EtagMismatch",
    "FailedPrecondition",
    "FrameTooLarge",
    "LockedOut",
    "LoraUnusable",
    "ModelMissing",
    "NotEnrolled",
    "OperationNotDone",
    "QuotaExceeded",
    "RateLimited",
    "ResourceExhausted",
    "SessionSpent",
    "TooManyFrames",
    "UploadIncomplete",
    "UploadTooLarge",
    "VaultUnusable",
]


class FailedPrecondition(SongreelError):
    """The request is fine, but the system is not in the state that it needs."""

    code = grpc.StatusCode.FAILED_PRECONDITION


class CheckpointIncomplete(FailedPrecondition):
    """The checkpoint lacks a part."""


class CheckpointUnsupported(FailedPrecondition):
    """The checkpoint is of a kind that this renderer cannot load."""


class LoraUnusable(FailedPrecondition):
    """The LoRA cannot be read or does not fit the checkpoint."""


class AdapterMismatch(LoraUnusable):
    """The adapter was trained on another checkpoint, or is not the one that was granted."""


class NotEnrolled(FailedPrecondition):
    """There are no pictures of the person: an enrolment session has to be passed first."""


class CredentialsUnusable(FailedPrecondition):
    """The certificate or key for content credentials cannot be used."""


class ModelMissing(FailedPrecondition):
    """A model that the request needs is not on this machine."""


class ConsentMissing(FailedPrecondition):
    """Nobody has consented, or to another version of the text."""


class SessionSpent(FailedPrecondition):
    """The enrolment session was used or has expired."""


class VaultUnusable(FailedPrecondition):
    """The vault cannot be opened with the keys at hand."""


class UploadIncomplete(FailedPrecondition):
    """Parts of the upload are missing or cut short; they can still be put."""


class DirectTransferUnavailable(FailedPrecondition):
    """The artifact store gives out no URLs: use UploadMedia and DownloadMedia."""


class OperationNotDone(FailedPrecondition):
    """The operation is still at work."""


class ResourceExhausted(SongreelError):
    """Something has run out."""

    code = grpc.StatusCode.RESOURCE_EXHAUSTED


class DiskFull(ResourceExhausted):
    """The disk or the quota is full; nothing half-written was left."""


class UploadTooLarge(ResourceExhausted):
    """The upload is larger than the server takes."""


class FrameTooLarge(ResourceExhausted):
    """A camera frame has too many bytes or pixels."""


class TooManyFrames(ResourceExhausted):
    """More camera frames came than a session takes."""


class LockedOut(ResourceExhausted):
    """As many enrolments have failed as are allowed for now."""

    retry_seconds = 3600.0


class Busy(ResourceExhausted):
    """As much is under way as the server takes at once."""

    retry_seconds = 5.0


class RateLimited(ResourceExhausted):
    """More calls came than the caller's rate allows."""


class QuotaExceeded(ResourceExhausted):
    """A quota of the project is used up; `metadata` says which, `retry_seconds` until when.

    Travels with a `QuotaFailure`, made from `quota`, `limit` and `project`.
    """


class Aborted(SongreelError):
    """Another change came between; begin the exchange again."""

    code = grpc.StatusCode.ABORTED


class EtagMismatch(Aborted):
    """The resource was changed since its etag was read: read it again."""
