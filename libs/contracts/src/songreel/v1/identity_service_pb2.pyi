import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.rpc import status_pb2 as _status_pb2
from songreel.identity.v1 import identity_service_pb2 as _identity_service_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Identity(_message.Message):
    __slots__ = ("name", "state", "consent_version", "pictures", "adapter_sha256", "create_time", "expire_time")
    class State(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        STATE_UNSPECIFIED: _ClassVar[Identity.State]
        STATE_CONSENTED: _ClassVar[Identity.State]
        STATE_ENROLLED: _ClassVar[Identity.State]
        STATE_WITHDRAWN: _ClassVar[Identity.State]
    STATE_UNSPECIFIED: Identity.State
    STATE_CONSENTED: Identity.State
    STATE_ENROLLED: Identity.State
    STATE_WITHDRAWN: Identity.State
    NAME_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    CONSENT_VERSION_FIELD_NUMBER: _ClassVar[int]
    PICTURES_FIELD_NUMBER: _ClassVar[int]
    ADAPTER_SHA256_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    name: str
    state: Identity.State
    consent_version: str
    pictures: int
    adapter_sha256: _containers.RepeatedScalarFieldContainer[str]
    create_time: _timestamp_pb2.Timestamp
    expire_time: _timestamp_pb2.Timestamp
    def __init__(self, name: _Optional[str] = ..., state: _Optional[_Union[Identity.State, str]] = ..., consent_version: _Optional[str] = ..., pictures: _Optional[int] = ..., adapter_sha256: _Optional[_Iterable[str]] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class GetConsentTextRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

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
    __slots__ = ("name", "version", "text_sha256", "request_id")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    TEXT_SHA256_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    name: str
    version: str
    text_sha256: str
    request_id: str
    def __init__(self, name: _Optional[str] = ..., version: _Optional[str] = ..., text_sha256: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class RecordConsentResponse(_message.Message):
    __slots__ = ("consent_id",)
    CONSENT_ID_FIELD_NUMBER: _ClassVar[int]
    consent_id: str
    def __init__(self, consent_id: _Optional[str] = ...) -> None: ...

class OpenEnrollmentRequest(_message.Message):
    __slots__ = ("name", "request_id")
    NAME_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    name: str
    request_id: str
    def __init__(self, name: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class OpenEnrollmentResponse(_message.Message):
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
    frame: _identity_service_pb2.CameraFrame
    def __init__(self, start: _Optional[_Union[EnrollStart, _Mapping]] = ..., frame: _Optional[_Union[_identity_service_pb2.CameraFrame, _Mapping]] = ...) -> None: ...

class EnrollStart(_message.Message):
    __slots__ = ("name", "nonce", "ways")
    NAME_FIELD_NUMBER: _ClassVar[int]
    NONCE_FIELD_NUMBER: _ClassVar[int]
    WAYS_FIELD_NUMBER: _ClassVar[int]
    name: str
    nonce: str
    ways: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, name: _Optional[str] = ..., nonce: _Optional[str] = ..., ways: _Optional[_Iterable[str]] = ...) -> None: ...

class EnrollResponse(_message.Message):
    __slots__ = ("prompt", "guidance", "dot", "light", "outcome", "error")
    PROMPT_FIELD_NUMBER: _ClassVar[int]
    GUIDANCE_FIELD_NUMBER: _ClassVar[int]
    DOT_FIELD_NUMBER: _ClassVar[int]
    LIGHT_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    prompt: _identity_service_pb2.ActionPrompt
    guidance: _identity_service_pb2.Guidance
    dot: _identity_service_pb2.DotTarget
    light: _identity_service_pb2.ScreenLight
    outcome: _identity_service_pb2.EnrollOutcome
    error: _status_pb2.Status
    def __init__(self, prompt: _Optional[_Union[_identity_service_pb2.ActionPrompt, _Mapping]] = ..., guidance: _Optional[_Union[_identity_service_pb2.Guidance, _Mapping]] = ..., dot: _Optional[_Union[_identity_service_pb2.DotTarget, _Mapping]] = ..., light: _Optional[_Union[_identity_service_pb2.ScreenLight, _Mapping]] = ..., outcome: _Optional[_Union[_identity_service_pb2.EnrollOutcome, _Mapping]] = ..., error: _Optional[_Union[_status_pb2.Status, _Mapping]] = ...) -> None: ...

class GetIdentityRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class GetIdentityResponse(_message.Message):
    __slots__ = ("identity",)
    IDENTITY_FIELD_NUMBER: _ClassVar[int]
    identity: Identity
    def __init__(self, identity: _Optional[_Union[Identity, _Mapping]] = ...) -> None: ...

class ListIdentitiesRequest(_message.Message):
    __slots__ = ("parent", "page_size", "page_token")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    parent: str
    page_size: int
    page_token: str
    def __init__(self, parent: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListIdentitiesResponse(_message.Message):
    __slots__ = ("identities", "next_page_token")
    IDENTITIES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    identities: _containers.RepeatedCompositeFieldContainer[Identity]
    next_page_token: str
    def __init__(self, identities: _Optional[_Iterable[_Union[Identity, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class WithdrawConsentRequest(_message.Message):
    __slots__ = ("name", "request_id")
    NAME_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    name: str
    request_id: str
    def __init__(self, name: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class WithdrawConsentResponse(_message.Message):
    __slots__ = ("audit_head",)
    AUDIT_HEAD_FIELD_NUMBER: _ClassVar[int]
    audit_head: str
    def __init__(self, audit_head: _Optional[str] = ...) -> None: ...

class EraseIdentityRequest(_message.Message):
    __slots__ = ("name", "request_id", "videos")
    NAME_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    VIDEOS_FIELD_NUMBER: _ClassVar[int]
    name: str
    request_id: str
    videos: bool
    def __init__(self, name: _Optional[str] = ..., request_id: _Optional[str] = ..., videos: _Optional[bool] = ...) -> None: ...

class EraseIdentityResponse(_message.Message):
    __slots__ = ("audit_head", "objects", "keys_sha256", "uses_cleared", "uses_silent", "videos")
    AUDIT_HEAD_FIELD_NUMBER: _ClassVar[int]
    OBJECTS_FIELD_NUMBER: _ClassVar[int]
    KEYS_SHA256_FIELD_NUMBER: _ClassVar[int]
    USES_CLEARED_FIELD_NUMBER: _ClassVar[int]
    USES_SILENT_FIELD_NUMBER: _ClassVar[int]
    VIDEOS_FIELD_NUMBER: _ClassVar[int]
    audit_head: str
    objects: int
    keys_sha256: _containers.RepeatedScalarFieldContainer[str]
    uses_cleared: int
    uses_silent: int
    videos: int
    def __init__(self, audit_head: _Optional[str] = ..., objects: _Optional[int] = ..., keys_sha256: _Optional[_Iterable[str]] = ..., uses_cleared: _Optional[int] = ..., uses_silent: _Optional[int] = ..., videos: _Optional[int] = ...) -> None: ...

class MeasureLikenessRequest(_message.Message):
    __slots__ = ("start", "picture")
    START_FIELD_NUMBER: _ClassVar[int]
    PICTURE_FIELD_NUMBER: _ClassVar[int]
    start: MeasureLikenessStart
    picture: bytes
    def __init__(self, start: _Optional[_Union[MeasureLikenessStart, _Mapping]] = ..., picture: _Optional[bytes] = ...) -> None: ...

class MeasureLikenessStart(_message.Message):
    __slots__ = ("name", "impostors")
    NAME_FIELD_NUMBER: _ClassVar[int]
    IMPOSTORS_FIELD_NUMBER: _ClassVar[int]
    name: str
    impostors: _containers.RepeatedCompositeFieldContainer[_identity_service_pb2.Impostor]
    def __init__(self, name: _Optional[str] = ..., impostors: _Optional[_Iterable[_Union[_identity_service_pb2.Impostor, _Mapping]]] = ...) -> None: ...

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
    impostors: _containers.RepeatedCompositeFieldContainer[_identity_service_pb2.ImpostorLikeness]
    def __init__(self, pictures: _Optional[int] = ..., faces: _Optional[int] = ..., matches: _Optional[int] = ..., distance: _Optional[float] = ..., impostors: _Optional[_Iterable[_Union[_identity_service_pb2.ImpostorLikeness, _Mapping]]] = ...) -> None: ...
