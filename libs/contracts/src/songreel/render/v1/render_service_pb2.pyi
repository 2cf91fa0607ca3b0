from songreel.render.v1 import render_plan_pb2 as _render_plan_pb2
from songreel.type.v1 import artifact_pb2 as _artifact_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class RenderRequest(_message.Message):
    __slots__ = ("song", "analysis", "storyboard", "settings")
    SONG_FIELD_NUMBER: _ClassVar[int]
    ANALYSIS_FIELD_NUMBER: _ClassVar[int]
    STORYBOARD_FIELD_NUMBER: _ClassVar[int]
    SETTINGS_FIELD_NUMBER: _ClassVar[int]
    song: _artifact_pb2.Artifact
    analysis: _artifact_pb2.Artifact
    storyboard: _artifact_pb2.Artifact
    settings: _render_plan_pb2.RenderSettings
    def __init__(self, song: _Optional[_Union[_artifact_pb2.Artifact, _Mapping]] = ..., analysis: _Optional[_Union[_artifact_pb2.Artifact, _Mapping]] = ..., storyboard: _Optional[_Union[_artifact_pb2.Artifact, _Mapping]] = ..., settings: _Optional[_Union[_render_plan_pb2.RenderSettings, _Mapping]] = ...) -> None: ...

class RenderResponse(_message.Message):
    __slots__ = ("progress", "result", "plan", "contact_sheet")
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    PLAN_FIELD_NUMBER: _ClassVar[int]
    CONTACT_SHEET_FIELD_NUMBER: _ClassVar[int]
    progress: _artifact_pb2.Progress
    result: RenderResult
    plan: _artifact_pb2.Artifact
    contact_sheet: _artifact_pb2.Artifact
    def __init__(self, progress: _Optional[_Union[_artifact_pb2.Progress, _Mapping]] = ..., result: _Optional[_Union[RenderResult, _Mapping]] = ..., plan: _Optional[_Union[_artifact_pb2.Artifact, _Mapping]] = ..., contact_sheet: _Optional[_Union[_artifact_pb2.Artifact, _Mapping]] = ...) -> None: ...

class RenderResult(_message.Message):
    __slots__ = ("video", "plan", "timeline", "contact_sheet", "frames", "frames_reused", "audio_mode", "fallbacks", "reused", "frames_denoised", "credentials")
    VIDEO_FIELD_NUMBER: _ClassVar[int]
    PLAN_FIELD_NUMBER: _ClassVar[int]
    TIMELINE_FIELD_NUMBER: _ClassVar[int]
    CONTACT_SHEET_FIELD_NUMBER: _ClassVar[int]
    FRAMES_FIELD_NUMBER: _ClassVar[int]
    FRAMES_REUSED_FIELD_NUMBER: _ClassVar[int]
    AUDIO_MODE_FIELD_NUMBER: _ClassVar[int]
    FALLBACKS_FIELD_NUMBER: _ClassVar[int]
    REUSED_FIELD_NUMBER: _ClassVar[int]
    FRAMES_DENOISED_FIELD_NUMBER: _ClassVar[int]
    CREDENTIALS_FIELD_NUMBER: _ClassVar[int]
    video: _artifact_pb2.Artifact
    plan: _artifact_pb2.Artifact
    timeline: _artifact_pb2.Artifact
    contact_sheet: _artifact_pb2.Artifact
    frames: int
    frames_reused: int
    audio_mode: str
    fallbacks: _containers.RepeatedScalarFieldContainer[str]
    reused: bool
    frames_denoised: int
    credentials: str
    def __init__(self, video: _Optional[_Union[_artifact_pb2.Artifact, _Mapping]] = ..., plan: _Optional[_Union[_artifact_pb2.Artifact, _Mapping]] = ..., timeline: _Optional[_Union[_artifact_pb2.Artifact, _Mapping]] = ..., contact_sheet: _Optional[_Union[_artifact_pb2.Artifact, _Mapping]] = ..., frames: _Optional[int] = ..., frames_reused: _Optional[int] = ..., audio_mode: _Optional[str] = ..., fallbacks: _Optional[_Iterable[str]] = ..., reused: _Optional[bool] = ..., frames_denoised: _Optional[int] = ..., credentials: _Optional[str] = ...) -> None: ...

class EraseRenderRequest(_message.Message):
    __slots__ = ("plan",)
    PLAN_FIELD_NUMBER: _ClassVar[int]
    plan: _artifact_pb2.Artifact
    def __init__(self, plan: _Optional[_Union[_artifact_pb2.Artifact, _Mapping]] = ...) -> None: ...

class EraseRenderResponse(_message.Message):
    __slots__ = ("artifacts",)
    ARTIFACTS_FIELD_NUMBER: _ClassVar[int]
    artifacts: int
    def __init__(self, artifacts: _Optional[int] = ...) -> None: ...

class GetRendererRequest(_message.Message):
    __slots__ = ("checkpoint", "storyboard")
    CHECKPOINT_FIELD_NUMBER: _ClassVar[int]
    STORYBOARD_FIELD_NUMBER: _ClassVar[int]
    checkpoint: str
    storyboard: _artifact_pb2.Artifact
    def __init__(self, checkpoint: _Optional[str] = ..., storyboard: _Optional[_Union[_artifact_pb2.Artifact, _Mapping]] = ...) -> None: ...

class GetRendererResponse(_message.Message):
    __slots__ = ("device", "default_checkpoint", "checkpoint_problem", "schedules", "native_size", "schedulers", "formats", "styles", "checkpoint", "checkpoint_sha256", "people_in_memory")
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    DEFAULT_CHECKPOINT_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_PROBLEM_FIELD_NUMBER: _ClassVar[int]
    SCHEDULES_FIELD_NUMBER: _ClassVar[int]
    NATIVE_SIZE_FIELD_NUMBER: _ClassVar[int]
    SCHEDULERS_FIELD_NUMBER: _ClassVar[int]
    FORMATS_FIELD_NUMBER: _ClassVar[int]
    STYLES_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_SHA256_FIELD_NUMBER: _ClassVar[int]
    PEOPLE_IN_MEMORY_FIELD_NUMBER: _ClassVar[int]
    device: str
    default_checkpoint: str
    checkpoint_problem: str
    schedules: _containers.RepeatedScalarFieldContainer[str]
    native_size: int
    schedulers: _containers.RepeatedScalarFieldContainer[str]
    formats: _containers.RepeatedScalarFieldContainer[str]
    styles: _containers.RepeatedScalarFieldContainer[str]
    checkpoint: str
    checkpoint_sha256: str
    people_in_memory: int
    def __init__(self, device: _Optional[str] = ..., default_checkpoint: _Optional[str] = ..., checkpoint_problem: _Optional[str] = ..., schedules: _Optional[_Iterable[str]] = ..., native_size: _Optional[int] = ..., schedulers: _Optional[_Iterable[str]] = ..., formats: _Optional[_Iterable[str]] = ..., styles: _Optional[_Iterable[str]] = ..., checkpoint: _Optional[str] = ..., checkpoint_sha256: _Optional[str] = ..., people_in_memory: _Optional[int] = ...) -> None: ...
