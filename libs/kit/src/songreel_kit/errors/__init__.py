"""The error tree of songreel.

    SongreelError                    gRPC code             what the caller can do
    |- InvalidRequest                INVALID_ARGUMENT      change the request
    |  |- NotAudio, EmptyFile, SilentAudio, AudioTooShort, AudioTooLong, CorruptAudio
    |  |- NotVideo, VideoTooShort, VideoTooLong, CorruptVideo, BrokenLyrics
    |  |- UnknownStyle, UnknownStoryteller, UnknownSchedule, UnknownExtractor, UnknownEngine
    |  |- InvalidStoryboard, InvalidScorePlan, InvalidAnalysis, InvalidUpload, InvalidName
    |  `- InvalidPageToken, InvalidRenderSettings, BadFrame, FrameOutOfOrder
    |- NotFound                      NOT_FOUND             name something that exists
    |  `- ArtifactNotFound, MediaNotFound, OperationNotFound, VideoNotFound,
    |     CheckpointNotFound, IdentityNotFound, ProjectNotFound, StoryboardNotFound,
    |     UploadNotFound
    |- Conflict                      ALREADY_EXISTS        take another name or id
    |  `- RequestIdReused, VideoExists
    |- FailedPrecondition            FAILED_PRECONDITION   mend the set-up, then ask again
    |  |- CheckpointIncomplete, CheckpointUnsupported, LoraUnusable, CredentialsUnusable
    |  |- AdapterMismatch, NotEnrolled, ConsentMissing, SessionSpent, VaultUnusable
    |  `- ModelMissing, OperationNotDone, UploadIncomplete, DirectTransferUnavailable
    |- ResourceExhausted             RESOURCE_EXHAUSTED    ask for less, or later
    |  `- DiskFull, UploadTooLarge, FrameTooLarge, TooManyFrames, LockedOut, Busy,
    |     RateLimited, QuotaExceeded
    |- Aborted                       ABORTED               begin the whole exchange again
    |  `- EtagMismatch
    |- Unauthenticated               UNAUTHENTICATED       say who you are
    |  `- TokenExpired
    |- PermissionDenied              PERMISSION_DENIED     ask for the right
    |  `- ConsentWithdrawn, ApprovalNeeded, GrantInvalid, GrantExpired, GrantSpent
    |- Unimplemented                 UNIMPLEMENTED         use a newer server
    |- ServiceUnavailable            UNAVAILABLE           ask again a little later
    |- DeadlineExceeded              DEADLINE_EXCEEDED     allow more time
    |  `- StreamStalled
    |- Cancelled                     CANCELLED             nothing: you asked for it
    |- DataLoss                      DATA_LOSS             restore the data
    |  `- ArtifactCorrupt, AuditBroken
    `- InternalError                 INTERNAL              report it

On the wire every error is a `google.rpc.Status` with one `ErrorInfo` (AIP-193):
its reason is the class's name in UPPER_SNAKE, its domain "songreel".
"""

from songreel_kit.errors.base import SongreelError
from songreel_kit.errors.status import DOMAIN, from_os_error, from_rpc_error, from_status, to_status

from . import callers, requests, servers, state
from .callers import *  # noqa: F403 - each module names what is public
from .requests import *  # noqa: F403
from .servers import *  # noqa: F403
from .state import *  # noqa: F403

__all__ = ["DOMAIN", "SongreelError", "from_os_error", "from_rpc_error", "from_status", "to_status"]
__all__ += requests.__all__
__all__ += state.__all__
__all__ += callers.__all__
__all__ += servers.__all__
