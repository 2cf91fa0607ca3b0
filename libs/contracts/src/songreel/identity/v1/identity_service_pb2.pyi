import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from songreel.type.v1 import artifact_pb2 as _artifact_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Consent(_message.Message):
    __slots__ = ("version", "accept_time")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    ACCEPT_TIME_FIELD_NUMBER: _ClassVar[int]
    version: str
    accept_time: _timestamp_pb2.Timestamp
    def __init__(self, version: _Optional[str] = ..., accept_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class EnrollRequest(_message.Message):
    __slots__ = ("start", "frame")
    START_FIELD_NUMBER: _ClassVar[int]
    FRAME_FIELD_NUMBER: _ClassVar[int]
    start: EnrollStart
    frame: CameraFrame
    def __init__(self, start: _Optional[_Union[EnrollStart, _Mapping]] = ..., frame: _Optional[_Union[CameraFrame, _Mapping]] = ...) -> None: ...

class EnrollStart(_message.Message):
    __slots__ = ("identity", "consent", "accommodations")
    IDENTITY_FIELD_NUMBER: _ClassVar[int]
    CONSENT_FIELD_NUMBER: _ClassVar[int]
    ACCOMMODATIONS_FIELD_NUMBER: _ClassVar[int]
    identity: str
    consent: Consent
    accommodations: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, identity: _Optional[str] = ..., consent: _Optional[_Union[Consent, _Mapping]] = ..., accommodations: _Optional[_Iterable[str]] = ...) -> None: ...

class CameraFrame(_message.Message):
    __slots__ = ("jpeg", "capture_ms")
    JPEG_FIELD_NUMBER: _ClassVar[int]
    CAPTURE_MS_FIELD_NUMBER: _ClassVar[int]
    jpeg: bytes
    capture_ms: int
    def __init__(self, jpeg: _Optional[bytes] = ..., capture_ms: _Optional[int] = ...) -> None: ...

class EnrollResponse(_message.Message):
    __slots__ = ("prompt", "guidance", "outcome")
    PROMPT_FIELD_NUMBER: _ClassVar[int]
    GUIDANCE_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    prompt: ActionPrompt
    guidance: Guidance
    outcome: EnrollOutcome
    def __init__(self, prompt: _Optional[_Union[ActionPrompt, _Mapping]] = ..., guidance: _Optional[_Union[Guidance, _Mapping]] = ..., outcome: _Optional[_Union[EnrollOutcome, _Mapping]] = ...) -> None: ...

class ActionPrompt(_message.Message):
    __slots__ = ("action", "text", "seconds")
    ACTION_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    SECONDS_FIELD_NUMBER: _ClassVar[int]
    action: str
    text: str
    seconds: float
    def __init__(self, action: _Optional[str] = ..., text: _Optional[str] = ..., seconds: _Optional[float] = ...) -> None: ...

class Guidance(_message.Message):
    __slots__ = ("text",)
    TEXT_FIELD_NUMBER: _ClassVar[int]
    text: str
    def __init__(self, text: _Optional[str] = ...) -> None: ...

class EnrollOutcome(_message.Message):
    __slots__ = ("verdict", "reason", "session_id")
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
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    verdict: EnrollOutcome.Verdict
    reason: str
    session_id: str
    def __init__(self, verdict: _Optional[_Union[EnrollOutcome.Verdict, str]] = ..., reason: _Optional[str] = ..., session_id: _Optional[str] = ...) -> None: ...

class TrainAdapterRequest(_message.Message):
    __slots__ = ("identity", "session_id", "checkpoint")
    IDENTITY_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_FIELD_NUMBER: _ClassVar[int]
    identity: str
    session_id: str
    checkpoint: str
    def __init__(self, identity: _Optional[str] = ..., session_id: _Optional[str] = ..., checkpoint: _Optional[str] = ...) -> None: ...

class TrainAdapterResponse(_message.Message):
    __slots__ = ("progress", "adapter_sha256")
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    ADAPTER_SHA256_FIELD_NUMBER: _ClassVar[int]
    progress: _artifact_pb2.Progress
    adapter_sha256: str
    def __init__(self, progress: _Optional[_Union[_artifact_pb2.Progress, _Mapping]] = ..., adapter_sha256: _Optional[str] = ...) -> None: ...

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

class EraseIdentityRequest(_message.Message):
    __slots__ = ("identity",)
    IDENTITY_FIELD_NUMBER: _ClassVar[int]
    identity: str
    def __init__(self, identity: _Optional[str] = ...) -> None: ...

class EraseIdentityResponse(_message.Message):
    __slots__ = ("audit_head",)
    AUDIT_HEAD_FIELD_NUMBER: _ClassVar[int]
    audit_head: str
    def __init__(self, audit_head: _Optional[str] = ...) -> None: ...
