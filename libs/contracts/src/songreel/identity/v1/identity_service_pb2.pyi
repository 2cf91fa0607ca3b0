import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
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
    __slots__ = ("nonce", "ways")
    NONCE_FIELD_NUMBER: _ClassVar[int]
    WAYS_FIELD_NUMBER: _ClassVar[int]
    nonce: str
    ways: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, nonce: _Optional[str] = ..., ways: _Optional[_Iterable[str]] = ...) -> None: ...

class CameraFrame(_message.Message):
    __slots__ = ("jpeg", "capture_ms")
    JPEG_FIELD_NUMBER: _ClassVar[int]
    CAPTURE_MS_FIELD_NUMBER: _ClassVar[int]
    jpeg: bytes
    capture_ms: int
    def __init__(self, jpeg: _Optional[bytes] = ..., capture_ms: _Optional[int] = ...) -> None: ...

class EnrollResponse(_message.Message):
    __slots__ = ("prompt", "guidance", "dot", "light", "outcome")
    PROMPT_FIELD_NUMBER: _ClassVar[int]
    GUIDANCE_FIELD_NUMBER: _ClassVar[int]
    DOT_FIELD_NUMBER: _ClassVar[int]
    LIGHT_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    prompt: ActionPrompt
    guidance: Guidance
    dot: DotTarget
    light: ScreenLight
    outcome: EnrollOutcome
    def __init__(self, prompt: _Optional[_Union[ActionPrompt, _Mapping]] = ..., guidance: _Optional[_Union[Guidance, _Mapping]] = ..., dot: _Optional[_Union[DotTarget, _Mapping]] = ..., light: _Optional[_Union[ScreenLight, _Mapping]] = ..., outcome: _Optional[_Union[EnrollOutcome, _Mapping]] = ...) -> None: ...

class ActionPrompt(_message.Message):
    __slots__ = ("action", "text", "seconds", "step", "steps", "again")
    ACTION_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    SECONDS_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    AGAIN_FIELD_NUMBER: _ClassVar[int]
    action: str
    text: str
    seconds: float
    step: int
    steps: int
    again: bool
    def __init__(self, action: _Optional[str] = ..., text: _Optional[str] = ..., seconds: _Optional[float] = ..., step: _Optional[int] = ..., steps: _Optional[int] = ..., again: _Optional[bool] = ...) -> None: ...

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
    __slots__ = ("state", "consent_version", "pictures", "adapter_sha256")
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
    state: GetIdentityResponse.State
    consent_version: str
    pictures: int
    adapter_sha256: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, state: _Optional[_Union[GetIdentityResponse.State, str]] = ..., consent_version: _Optional[str] = ..., pictures: _Optional[int] = ..., adapter_sha256: _Optional[_Iterable[str]] = ...) -> None: ...

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
    __slots__ = ("audit_head", "objects", "keys_sha256")
    AUDIT_HEAD_FIELD_NUMBER: _ClassVar[int]
    OBJECTS_FIELD_NUMBER: _ClassVar[int]
    KEYS_SHA256_FIELD_NUMBER: _ClassVar[int]
    audit_head: str
    objects: int
    keys_sha256: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, audit_head: _Optional[str] = ..., objects: _Optional[int] = ..., keys_sha256: _Optional[_Iterable[str]] = ...) -> None: ...

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
    __slots__ = ("grant", "adapter_sha256", "job_sha256")
    GRANT_FIELD_NUMBER: _ClassVar[int]
    ADAPTER_SHA256_FIELD_NUMBER: _ClassVar[int]
    JOB_SHA256_FIELD_NUMBER: _ClassVar[int]
    grant: str
    adapter_sha256: str
    job_sha256: str
    def __init__(self, grant: _Optional[str] = ..., adapter_sha256: _Optional[str] = ..., job_sha256: _Optional[str] = ...) -> None: ...

class RedeemGrantResponse(_message.Message):
    __slots__ = ("use_id",)
    USE_ID_FIELD_NUMBER: _ClassVar[int]
    use_id: str
    def __init__(self, use_id: _Optional[str] = ...) -> None: ...

class WatchUseRequest(_message.Message):
    __slots__ = ("use_id",)
    USE_ID_FIELD_NUMBER: _ClassVar[int]
    use_id: str
    def __init__(self, use_id: _Optional[str] = ...) -> None: ...

class WatchUseResponse(_message.Message):
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
