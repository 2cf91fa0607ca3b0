import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.rpc import status_pb2 as _status_pb2
from songreel.type.v1 import artifact_pb2 as _artifact_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GetConsentTextRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetConsentTextResponse(_message.Message):
    __slots__ = ("version", "text", "sha256")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    version: str
    text: str
    sha256: str
    def __init__(self, version: _Optional[str] = ..., text: _Optional[str] = ..., sha256: _Optional[str] = ...) -> None: ...

class RecordConsentRequest(_message.Message):
    __slots__ = ("identity", "version", "text_sha256")
    IDENTITY_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    TEXT_SHA256_FIELD_NUMBER: _ClassVar[int]
    identity: str
    version: str
    text_sha256: str
    def __init__(self, identity: _Optional[str] = ..., version: _Optional[str] = ..., text_sha256: _Optional[str] = ...) -> None: ...

class RecordConsentResponse(_message.Message):
    __slots__ = ("consent_id",)
    CONSENT_ID_FIELD_NUMBER: _ClassVar[int]
    consent_id: str
    def __init__(self, consent_id: _Optional[str] = ...) -> None: ...

class OpenSessionRequest(_message.Message):
    __slots__ = ("identity",)
    IDENTITY_FIELD_NUMBER: _ClassVar[int]
    identity: str
    def __init__(self, identity: _Optional[str] = ...) -> None: ...

class OpenSessionResponse(_message.Message):
    __slots__ = ("nonce", "expire_time")
    NONCE_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    nonce: str
    expire_time: _timestamp_pb2.Timestamp
    def __init__(self, nonce: _Optional[str] = ..., expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class EnrollRequest(_message.Message):
    __slots__ = ("start", "frame")
    START_FIELD_NUMBER: _ClassVar[int]
    FRAME_FIELD_NUMBER: _ClassVar[int]
    start: EnrollStart
    frame: CameraFrame
    def __init__(self, start: _Optional[_Union[EnrollStart, _Mapping]] = ..., frame: _Optional[_Union[CameraFrame, _Mapping]] = ...) -> None: ...

class EnrollStart(_message.Message):
    __slots__ = ("nonce", "ways", "identity")
    NONCE_FIELD_NUMBER: _ClassVar[int]
    WAYS_FIELD_NUMBER: _ClassVar[int]
    IDENTITY_FIELD_NUMBER: _ClassVar[int]
    nonce: str
    ways: _containers.RepeatedScalarFieldContainer[str]
    identity: str
    def __init__(self, nonce: _Optional[str] = ..., ways: _Optional[_Iterable[str]] = ..., identity: _Optional[str] = ...) -> None: ...

class CameraFrame(_message.Message):
    __slots__ = ("jpeg", "capture_ms")
    JPEG_FIELD_NUMBER: _ClassVar[int]
    CAPTURE_MS_FIELD_NUMBER: _ClassVar[int]
    jpeg: bytes
    capture_ms: int
    def __init__(self, jpeg: _Optional[bytes] = ..., capture_ms: _Optional[int] = ...) -> None: ...

class EnrollResponse(_message.Message):
    __slots__ = ("prompt", "guidance", "dot", "light", "outcome", "error")
    PROMPT_FIELD_NUMBER: _ClassVar[int]
    GUIDANCE_FIELD_NUMBER: _ClassVar[int]
    DOT_FIELD_NUMBER: _ClassVar[int]
    LIGHT_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    prompt: ActionPrompt
    guidance: Guidance
    dot: DotTarget
    light: ScreenLight
    outcome: EnrollOutcome
    error: _status_pb2.Status
    def __init__(self, prompt: _Optional[_Union[ActionPrompt, _Mapping]] = ..., guidance: _Optional[_Union[Guidance, _Mapping]] = ..., dot: _Optional[_Union[DotTarget, _Mapping]] = ..., light: _Optional[_Union[ScreenLight, _Mapping]] = ..., outcome: _Optional[_Union[EnrollOutcome, _Mapping]] = ..., error: _Optional[_Union[_status_pb2.Status, _Mapping]] = ...) -> None: ...

class ActionPrompt(_message.Message):
    __slots__ = ("action", "text", "seconds", "step", "steps", "again", "hints")
    ACTION_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    SECONDS_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    AGAIN_FIELD_NUMBER: _ClassVar[int]
    HINTS_FIELD_NUMBER: _ClassVar[int]
    action: str
    text: str
    seconds: float
    step: int
    steps: int
    again: bool
    hints: _containers.RepeatedCompositeFieldContainer[ProgressHint]
    def __init__(self, action: _Optional[str] = ..., text: _Optional[str] = ..., seconds: _Optional[float] = ..., step: _Optional[int] = ..., steps: _Optional[int] = ..., again: _Optional[bool] = ..., hints: _Optional[_Iterable[_Union[ProgressHint, _Mapping]]] = ...) -> None: ...

class ProgressHint(_message.Message):
    __slots__ = ("from_progress", "text", "good", "spoken")
    FROM_PROGRESS_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    GOOD_FIELD_NUMBER: _ClassVar[int]
    SPOKEN_FIELD_NUMBER: _ClassVar[int]
    from_progress: float
    text: str
    good: bool
    spoken: bool
    def __init__(self, from_progress: _Optional[float] = ..., text: _Optional[str] = ..., good: _Optional[bool] = ..., spoken: _Optional[bool] = ...) -> None: ...

class Guidance(_message.Message):
    __slots__ = ("reason", "text", "progress")
    REASON_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    reason: str
    text: str
    progress: float
    def __init__(self, reason: _Optional[str] = ..., text: _Optional[str] = ..., progress: _Optional[float] = ...) -> None: ...

class DotTarget(_message.Message):
    __slots__ = ("x", "y")
    X_FIELD_NUMBER: _ClassVar[int]
    Y_FIELD_NUMBER: _ClassVar[int]
    x: float
    y: float
    def __init__(self, x: _Optional[float] = ..., y: _Optional[float] = ...) -> None: ...

class ScreenLight(_message.Message):
    __slots__ = ("colour",)
    class Colour(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        COLOUR_UNSPECIFIED: _ClassVar[ScreenLight.Colour]
        COLOUR_NONE: _ClassVar[ScreenLight.Colour]
        COLOUR_BLUE: _ClassVar[ScreenLight.Colour]
        COLOUR_AMBER: _ClassVar[ScreenLight.Colour]
    COLOUR_UNSPECIFIED: ScreenLight.Colour
    COLOUR_NONE: ScreenLight.Colour
    COLOUR_BLUE: ScreenLight.Colour
    COLOUR_AMBER: ScreenLight.Colour
    COLOUR_FIELD_NUMBER: _ClassVar[int]
    colour: ScreenLight.Colour
    def __init__(self, colour: _Optional[_Union[ScreenLight.Colour, str]] = ...) -> None: ...

class EnrollOutcome(_message.Message):
    __slots__ = ("verdict", "reason", "advice", "pictures_sha256")
    class Verdict(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        VERDICT_UNSPECIFIED: _ClassVar[EnrollOutcome.Verdict]
        VERDICT_PASS: _ClassVar[EnrollOutcome.Verdict]
        VERDICT_FAIL: _ClassVar[EnrollOutcome.Verdict]
        VERDICT_INCONCLUSIVE: _ClassVar[EnrollOutcome.Verdict]
    VERDICT_UNSPECIFIED: EnrollOutcome.Verdict
    VERDICT_PASS: EnrollOutcome.Verdict
    VERDICT_FAIL: EnrollOutcome.Verdict
    VERDICT_INCONCLUSIVE: EnrollOutcome.Verdict
    VERDICT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    ADVICE_FIELD_NUMBER: _ClassVar[int]
    PICTURES_SHA256_FIELD_NUMBER: _ClassVar[int]
    verdict: EnrollOutcome.Verdict
    reason: str
    advice: str
    pictures_sha256: str
    def __init__(self, verdict: _Optional[_Union[EnrollOutcome.Verdict, str]] = ..., reason: _Optional[str] = ..., advice: _Optional[str] = ..., pictures_sha256: _Optional[str] = ...) -> None: ...

class GetIdentityRequest(_message.Message):
    __slots__ = ("identity",)
    IDENTITY_FIELD_NUMBER: _ClassVar[int]
    identity: str
    def __init__(self, identity: _Optional[str] = ...) -> None: ...

class GetIdentityResponse(_message.Message):
    __slots__ = ("state", "consent_version", "pictures", "adapter_sha256", "create_time", "expire_time", "identity")
    class State(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        STATE_UNSPECIFIED: _ClassVar[GetIdentityResponse.State]
        STATE_CONSENTED: _ClassVar[GetIdentityResponse.State]
        STATE_ENROLLED: _ClassVar[GetIdentityResponse.State]
        STATE_WITHDRAWN: _ClassVar[GetIdentityResponse.State]
    STATE_UNSPECIFIED: GetIdentityResponse.State
    STATE_CONSENTED: GetIdentityResponse.State
    STATE_ENROLLED: GetIdentityResponse.State
    STATE_WITHDRAWN: GetIdentityResponse.State
    STATE_FIELD_NUMBER: _ClassVar[int]
    CONSENT_VERSION_FIELD_NUMBER: _ClassVar[int]
    PICTURES_FIELD_NUMBER: _ClassVar[int]
    ADAPTER_SHA256_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    IDENTITY_FIELD_NUMBER: _ClassVar[int]
    state: GetIdentityResponse.State
    consent_version: str
    pictures: int
    adapter_sha256: _containers.RepeatedScalarFieldContainer[str]
    create_time: _timestamp_pb2.Timestamp
    expire_time: _timestamp_pb2.Timestamp
    identity: str
    def __init__(self, state: _Optional[_Union[GetIdentityResponse.State, str]] = ..., consent_version: _Optional[str] = ..., pictures: _Optional[int] = ..., adapter_sha256: _Optional[_Iterable[str]] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., identity: _Optional[str] = ...) -> None: ...

class ListIdentitiesRequest(_message.Message):
    __slots__ = ("project", "page_size", "after")
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    project: str
    page_size: int
    after: str
    def __init__(self, project: _Optional[str] = ..., page_size: _Optional[int] = ..., after: _Optional[str] = ...) -> None: ...

class ListIdentitiesResponse(_message.Message):
    __slots__ = ("identities", "more")
    IDENTITIES_FIELD_NUMBER: _ClassVar[int]
    MORE_FIELD_NUMBER: _ClassVar[int]
    identities: _containers.RepeatedCompositeFieldContainer[GetIdentityResponse]
    more: bool
    def __init__(self, identities: _Optional[_Iterable[_Union[GetIdentityResponse, _Mapping]]] = ..., more: _Optional[bool] = ...) -> None: ...

class WithdrawConsentRequest(_message.Message):
    __slots__ = ("identity",)
    IDENTITY_FIELD_NUMBER: _ClassVar[int]
    identity: str
    def __init__(self, identity: _Optional[str] = ...) -> None: ...

class WithdrawConsentResponse(_message.Message):
    __slots__ = ("audit_head",)
    AUDIT_HEAD_FIELD_NUMBER: _ClassVar[int]
    audit_head: str
    def __init__(self, audit_head: _Optional[str] = ...) -> None: ...

class EraseIdentityRequest(_message.Message):
    __slots__ = ("identity",)
    IDENTITY_FIELD_NUMBER: _ClassVar[int]
    identity: str
    def __init__(self, identity: _Optional[str] = ...) -> None: ...

class EraseIdentityResponse(_message.Message):
    __slots__ = ("audit_head", "objects", "keys_sha256", "uses_cleared", "uses_silent")
    AUDIT_HEAD_FIELD_NUMBER: _ClassVar[int]
    OBJECTS_FIELD_NUMBER: _ClassVar[int]
    KEYS_SHA256_FIELD_NUMBER: _ClassVar[int]
    USES_CLEARED_FIELD_NUMBER: _ClassVar[int]
    USES_SILENT_FIELD_NUMBER: _ClassVar[int]
    audit_head: str
    objects: int
    keys_sha256: _containers.RepeatedScalarFieldContainer[str]
    uses_cleared: int
    uses_silent: int
    def __init__(self, audit_head: _Optional[str] = ..., objects: _Optional[int] = ..., keys_sha256: _Optional[_Iterable[str]] = ..., uses_cleared: _Optional[int] = ..., uses_silent: _Optional[int] = ...) -> None: ...

class TrainAdapterRequest(_message.Message):
    __slots__ = ("identity", "checkpoint", "checkpoint_sha256", "noun", "steps")
    IDENTITY_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_SHA256_FIELD_NUMBER: _ClassVar[int]
    NOUN_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    identity: str
    checkpoint: str
    checkpoint_sha256: str
    noun: str
    steps: int
    def __init__(self, identity: _Optional[str] = ..., checkpoint: _Optional[str] = ..., checkpoint_sha256: _Optional[str] = ..., noun: _Optional[str] = ..., steps: _Optional[int] = ...) -> None: ...

class TrainAdapterResponse(_message.Message):
    __slots__ = ("progress", "result")
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    progress: _artifact_pb2.Progress
    result: TrainAdapterResult
    def __init__(self, progress: _Optional[_Union[_artifact_pb2.Progress, _Mapping]] = ..., result: _Optional[_Union[TrainAdapterResult, _Mapping]] = ...) -> None: ...

class TrainAdapterResult(_message.Message):
    __slots__ = ("adapter_sha256", "checkpoint_sha256", "pictures_sha256", "phrase", "step", "steps", "face_share", "match_share", "distance", "base_face_share", "base_match_share", "base_distance", "seconds", "reused", "resumed_from", "notes")
    ADAPTER_SHA256_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_SHA256_FIELD_NUMBER: _ClassVar[int]
    PICTURES_SHA256_FIELD_NUMBER: _ClassVar[int]
    PHRASE_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    FACE_SHARE_FIELD_NUMBER: _ClassVar[int]
    MATCH_SHARE_FIELD_NUMBER: _ClassVar[int]
    DISTANCE_FIELD_NUMBER: _ClassVar[int]
    BASE_FACE_SHARE_FIELD_NUMBER: _ClassVar[int]
    BASE_MATCH_SHARE_FIELD_NUMBER: _ClassVar[int]
    BASE_DISTANCE_FIELD_NUMBER: _ClassVar[int]
    SECONDS_FIELD_NUMBER: _ClassVar[int]
    REUSED_FIELD_NUMBER: _ClassVar[int]
    RESUMED_FROM_FIELD_NUMBER: _ClassVar[int]
    NOTES_FIELD_NUMBER: _ClassVar[int]
    adapter_sha256: str
    checkpoint_sha256: str
    pictures_sha256: str
    phrase: str
    step: int
    steps: int
    face_share: float
    match_share: float
    distance: float
    base_face_share: float
    base_match_share: float
    base_distance: float
    seconds: float
    reused: bool
    resumed_from: int
    notes: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, adapter_sha256: _Optional[str] = ..., checkpoint_sha256: _Optional[str] = ..., pictures_sha256: _Optional[str] = ..., phrase: _Optional[str] = ..., step: _Optional[int] = ..., steps: _Optional[int] = ..., face_share: _Optional[float] = ..., match_share: _Optional[float] = ..., distance: _Optional[float] = ..., base_face_share: _Optional[float] = ..., base_match_share: _Optional[float] = ..., base_distance: _Optional[float] = ..., seconds: _Optional[float] = ..., reused: _Optional[bool] = ..., resumed_from: _Optional[int] = ..., notes: _Optional[_Iterable[str]] = ...) -> None: ...

class MeasureLikenessRequest(_message.Message):
    __slots__ = ("start", "picture")
    START_FIELD_NUMBER: _ClassVar[int]
    PICTURE_FIELD_NUMBER: _ClassVar[int]
    start: MeasureLikenessStart
    picture: bytes
    def __init__(self, start: _Optional[_Union[MeasureLikenessStart, _Mapping]] = ..., picture: _Optional[bytes] = ...) -> None: ...

class MeasureLikenessStart(_message.Message):
    __slots__ = ("identity", "impostors")
    IDENTITY_FIELD_NUMBER: _ClassVar[int]
    IMPOSTORS_FIELD_NUMBER: _ClassVar[int]
    identity: str
    impostors: _containers.RepeatedCompositeFieldContainer[Impostor]
    def __init__(self, identity: _Optional[str] = ..., impostors: _Optional[_Iterable[_Union[Impostor, _Mapping]]] = ...) -> None: ...

class Impostor(_message.Message):
    __slots__ = ("name", "picture")
    NAME_FIELD_NUMBER: _ClassVar[int]
    PICTURE_FIELD_NUMBER: _ClassVar[int]
    name: str
    picture: bytes
    def __init__(self, name: _Optional[str] = ..., picture: _Optional[bytes] = ...) -> None: ...

class MeasureLikenessResponse(_message.Message):
    __slots__ = ("pictures", "faces", "matches", "distance", "impostors")
    PICTURES_FIELD_NUMBER: _ClassVar[int]
    FACES_FIELD_NUMBER: _ClassVar[int]
    MATCHES_FIELD_NUMBER: _ClassVar[int]
    DISTANCE_FIELD_NUMBER: _ClassVar[int]
    IMPOSTORS_FIELD_NUMBER: _ClassVar[int]
    pictures: int
    faces: int
    matches: int
    distance: float
    impostors: _containers.RepeatedCompositeFieldContainer[ImpostorLikeness]
    def __init__(self, pictures: _Optional[int] = ..., faces: _Optional[int] = ..., matches: _Optional[int] = ..., distance: _Optional[float] = ..., impostors: _Optional[_Iterable[_Union[ImpostorLikeness, _Mapping]]] = ...) -> None: ...

class ImpostorLikeness(_message.Message):
    __slots__ = ("name", "matches", "distance", "enrolled_distance")
    NAME_FIELD_NUMBER: _ClassVar[int]
    MATCHES_FIELD_NUMBER: _ClassVar[int]
    DISTANCE_FIELD_NUMBER: _ClassVar[int]
    ENROLLED_DISTANCE_FIELD_NUMBER: _ClassVar[int]
    name: str
    matches: int
    distance: float
    enrolled_distance: float
    def __init__(self, name: _Optional[str] = ..., matches: _Optional[int] = ..., distance: _Optional[float] = ..., enrolled_distance: _Optional[float] = ...) -> None: ...

class GrantUseRequest(_message.Message):
    __slots__ = ("identity", "adapter_sha256", "job_sha256")
    IDENTITY_FIELD_NUMBER: _ClassVar[int]
    ADAPTER_SHA256_FIELD_NUMBER: _ClassVar[int]
    JOB_SHA256_FIELD_NUMBER: _ClassVar[int]
    identity: str
    adapter_sha256: str
    job_sha256: str
    def __init__(self, identity: _Optional[str] = ..., adapter_sha256: _Optional[str] = ..., job_sha256: _Optional[str] = ...) -> None: ...

class GrantUseResponse(_message.Message):
    __slots__ = ("grant", "expire_time")
    GRANT_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    grant: str
    expire_time: _timestamp_pb2.Timestamp
    def __init__(self, grant: _Optional[str] = ..., expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class RedeemGrantRequest(_message.Message):
    __slots__ = ("grant", "adapter_sha256", "job_sha256", "renderer_key")
    GRANT_FIELD_NUMBER: _ClassVar[int]
    ADAPTER_SHA256_FIELD_NUMBER: _ClassVar[int]
    JOB_SHA256_FIELD_NUMBER: _ClassVar[int]
    RENDERER_KEY_FIELD_NUMBER: _ClassVar[int]
    grant: str
    adapter_sha256: str
    job_sha256: str
    renderer_key: bytes
    def __init__(self, grant: _Optional[str] = ..., adapter_sha256: _Optional[str] = ..., job_sha256: _Optional[str] = ..., renderer_key: _Optional[bytes] = ...) -> None: ...

class RedeemGrantResponse(_message.Message):
    __slots__ = ("use_id", "consent_id", "enrollment_ways")
    USE_ID_FIELD_NUMBER: _ClassVar[int]
    CONSENT_ID_FIELD_NUMBER: _ClassVar[int]
    ENROLLMENT_WAYS_FIELD_NUMBER: _ClassVar[int]
    use_id: str
    consent_id: str
    enrollment_ways: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, use_id: _Optional[str] = ..., consent_id: _Optional[str] = ..., enrollment_ways: _Optional[_Iterable[str]] = ...) -> None: ...

class WatchUseRequest(_message.Message):
    __slots__ = ("use_id",)
    USE_ID_FIELD_NUMBER: _ClassVar[int]
    use_id: str
    def __init__(self, use_id: _Optional[str] = ...) -> None: ...

class WatchUseResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class OpenAdapterRequest(_message.Message):
    __slots__ = ("use_id",)
    USE_ID_FIELD_NUMBER: _ClassVar[int]
    use_id: str
    def __init__(self, use_id: _Optional[str] = ...) -> None: ...

class OpenAdapterResponse(_message.Message):
    __slots__ = ("chunk", "service_key")
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    SERVICE_KEY_FIELD_NUMBER: _ClassVar[int]
    chunk: bytes
    service_key: bytes
    def __init__(self, chunk: _Optional[bytes] = ..., service_key: _Optional[bytes] = ...) -> None: ...

class EndUseRequest(_message.Message):
    __slots__ = ("use_id", "refused")
    USE_ID_FIELD_NUMBER: _ClassVar[int]
    REFUSED_FIELD_NUMBER: _ClassVar[int]
    use_id: str
    refused: str
    def __init__(self, use_id: _Optional[str] = ..., refused: _Optional[str] = ...) -> None: ...

class EndUseResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class RecordRefusalRequest(_message.Message):
    __slots__ = ("identity", "project", "reason")
    IDENTITY_FIELD_NUMBER: _ClassVar[int]
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    identity: str
    project: str
    reason: str
    def __init__(self, identity: _Optional[str] = ..., project: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class RecordRefusalResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetGrantKeyRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetGrantKeyResponse(_message.Message):
    __slots__ = ("public_key",)
    PUBLIC_KEY_FIELD_NUMBER: _ClassVar[int]
    public_key: bytes
    def __init__(self, public_key: _Optional[bytes] = ...) -> None: ...
