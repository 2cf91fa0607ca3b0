"""The classes of the error tree; `songreel_kit.errors` draws it and is where to import from."""

# ruff: noqa: N818 - the names are those of the reasons, and none needs "Error" to be clear

from __future__ import annotations

import re
from typing import Any, ClassVar

import grpc


class SongreelError(Exception):
    """Root of the tree.

    `message` says what was wrong and what to do; `metadata` holds the facts a
    program would want (names, limits, values).
    """

    code: ClassVar[grpc.StatusCode] = grpc.StatusCode.UNKNOWN
    reason: ClassVar[str] = "UNKNOWN"

    retry_seconds: float | None = None
    """When it is worth asking again, in seconds; None when time alone mends nothing."""

    def __init__(self, message: str, **metadata: str) -> None:
        super().__init__(message)
        self.message = message
        self.metadata: dict[str, str] = metadata

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "reason" not in cls.__dict__:
            cls.reason = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).upper()
        BY_REASON[cls.reason] = cls
        # The first class of a code is the general one: bases are defined before
        # the classes derived from them.
        BY_CODE.setdefault(cls.code, cls)

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple[Any, ...]:
        # Keeps the metadata when an error crosses a process or a job's database.
        return _rebuild, (type(self), self.message, self.metadata)


BY_REASON: dict[str, type[SongreelError]] = {}
"""Every class by its reason."""

BY_CODE: dict[grpc.StatusCode, type[SongreelError]] = {}
"""The general class of each code."""


def _rebuild(cls: type[SongreelError], message: str, metadata: dict[str, str]) -> SongreelError:
    return cls(message, **metadata)


class InvalidRequest(SongreelError):
    """The request itself is wrong; the same request will fail again."""

    code = grpc.StatusCode.INVALID_ARGUMENT


class NotAudio(InvalidRequest):
    """The file holds no audio stream that can be read."""


class EmptyFile(InvalidRequest):
    """The file has zero bytes."""


class SilentAudio(InvalidRequest):
    """There is nothing to hear in the song or the excerpt."""


class AudioTooShort(InvalidRequest):
    """The song or the excerpt is shorter than the least length."""


class AudioTooLong(InvalidRequest):
    """The song or the excerpt is longer than the greatest length."""


class CorruptAudio(InvalidRequest):
    """The file begins like audio, but most of it cannot be decoded."""


class BrokenLyrics(InvalidRequest):
    """The lyrics file cannot be understood."""


class UnknownStyle(InvalidRequest):
    """No style preset has this name."""


class UnknownStoryteller(InvalidRequest):
    """No storyteller has this name."""


class UnknownSchedule(InvalidRequest):
    """No motion schedule has this name."""


class UnknownExtractor(InvalidRequest):
    """No emotion extractor has this name."""


class InvalidStoryboard(InvalidRequest):
    """The storyboard cannot be read or does not fit the song."""


class InvalidAnalysis(InvalidRequest):
    """The song analysis cannot be read or contradicts itself."""


class InvalidUpload(InvalidRequest):
    """The upload's parts do not fit its header."""


class InvalidName(InvalidRequest):
    """A resource name or id is not of the form the API asks for."""


class InvalidPageToken(InvalidRequest):
    """The page token is not one that this server gave for this list."""


class InvalidRenderSettings(InvalidRequest):
    """A render setting is out of its range or does not fit the checkpoint."""


class BadFrame(InvalidRequest):
    """A camera frame is no JPEG that can be decoded."""


class FrameOutOfOrder(InvalidRequest):
    """A camera frame was taken no later than the one before it."""


class NotFound(SongreelError):
    """What was named does not exist."""

    code = grpc.StatusCode.NOT_FOUND


class ArtifactNotFound(NotFound):
    """The artifact store does not hold these bytes."""


class MediaNotFound(NotFound):
    """No media has this name."""


class ProjectNotFound(NotFound):
    """No project has this name."""


class OperationNotFound(NotFound):
    """No operation has this name."""


class VideoNotFound(NotFound):
    """No video has this name."""


class StoryboardNotFound(NotFound):
    """No storyboard has this name."""


class UploadNotFound(NotFound):
    """No unfinished upload has this name: it was cancelled, refused, or has expired."""


class CheckpointNotFound(NotFound):
    """There is no checkpoint at this place."""


class IdentityNotFound(NotFound):
    """No identity has this name."""


class Conflict(SongreelError):
    """Something else already has this name or id."""

    code = grpc.StatusCode.ALREADY_EXISTS


class RequestIdReused(Conflict):
    """The request id was used before with other content."""


class VideoExists(Conflict):
    """A video has this name already."""


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


class Unauthenticated(SongreelError):
    """The caller did not say, or could not prove, who it is."""

    code = grpc.StatusCode.UNAUTHENTICATED


class TokenExpired(Unauthenticated):
    """The token is too old: get another one."""


class PermissionDenied(SongreelError):
    """The caller is known and may not do this."""

    code = grpc.StatusCode.PERMISSION_DENIED


class ConsentWithdrawn(PermissionDenied):
    """The person has withdrawn the consent."""


class GrantInvalid(PermissionDenied):
    """The grant is not signed by the identity service, or is for another use."""


class GrantExpired(PermissionDenied):
    """The grant is too old."""


class GrantSpent(PermissionDenied):
    """The grant was used before."""


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
