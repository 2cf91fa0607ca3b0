from songreel.type.v1 import artifact_pb2 as _artifact_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class RenderPlan(_message.Message):
    __slots__ = ("settings", "checkpoint_sha256", "song_sha256", "analysis_sha256", "storyboard_sha256", "duration", "frames", "scenes", "segments", "renderer")
    SETTINGS_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_SHA256_FIELD_NUMBER: _ClassVar[int]
    SONG_SHA256_FIELD_NUMBER: _ClassVar[int]
    ANALYSIS_SHA256_FIELD_NUMBER: _ClassVar[int]
    STORYBOARD_SHA256_FIELD_NUMBER: _ClassVar[int]
    DURATION_FIELD_NUMBER: _ClassVar[int]
    FRAMES_FIELD_NUMBER: _ClassVar[int]
    SCENES_FIELD_NUMBER: _ClassVar[int]
    SEGMENTS_FIELD_NUMBER: _ClassVar[int]
    RENDERER_FIELD_NUMBER: _ClassVar[int]
    settings: RenderSettings
    checkpoint_sha256: str
    song_sha256: str
    analysis_sha256: str
    storyboard_sha256: str
    duration: float
    frames: int
    scenes: _containers.RepeatedCompositeFieldContainer[ScenePlan]
    segments: _containers.RepeatedCompositeFieldContainer[SegmentPlan]
    renderer: str
    def __init__(self, settings: _Optional[_Union[RenderSettings, _Mapping]] = ..., checkpoint_sha256: _Optional[str] = ..., song_sha256: _Optional[str] = ..., analysis_sha256: _Optional[str] = ..., storyboard_sha256: _Optional[str] = ..., duration: _Optional[float] = ..., frames: _Optional[int] = ..., scenes: _Optional[_Iterable[_Union[ScenePlan, _Mapping]]] = ..., segments: _Optional[_Iterable[_Union[SegmentPlan, _Mapping]]] = ..., renderer: _Optional[str] = ...) -> None: ...

class RenderSettings(_message.Message):
    __slots__ = ("checkpoint", "fps", "size", "steps", "seed", "schedule", "guidance_scale", "scheduler", "cadence", "colour_match", "loras", "format", "preview", "mark", "in_betweens", "animatic")
    CHECKPOINT_FIELD_NUMBER: _ClassVar[int]
    FPS_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    SCHEDULE_FIELD_NUMBER: _ClassVar[int]
    GUIDANCE_SCALE_FIELD_NUMBER: _ClassVar[int]
    SCHEDULER_FIELD_NUMBER: _ClassVar[int]
    CADENCE_FIELD_NUMBER: _ClassVar[int]
    COLOUR_MATCH_FIELD_NUMBER: _ClassVar[int]
    LORAS_FIELD_NUMBER: _ClassVar[int]
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    PREVIEW_FIELD_NUMBER: _ClassVar[int]
    MARK_FIELD_NUMBER: _ClassVar[int]
    IN_BETWEENS_FIELD_NUMBER: _ClassVar[int]
    ANIMATIC_FIELD_NUMBER: _ClassVar[int]
    checkpoint: str
    fps: str
    size: int
    steps: int
    seed: int
    schedule: str
    guidance_scale: float
    scheduler: str
    cadence: float
    colour_match: float
    loras: _containers.RepeatedCompositeFieldContainer[Lora]
    format: str
    preview: bool
    mark: str
    in_betweens: str
    animatic: str
    def __init__(self, checkpoint: _Optional[str] = ..., fps: _Optional[str] = ..., size: _Optional[int] = ..., steps: _Optional[int] = ..., seed: _Optional[int] = ..., schedule: _Optional[str] = ..., guidance_scale: _Optional[float] = ..., scheduler: _Optional[str] = ..., cadence: _Optional[float] = ..., colour_match: _Optional[float] = ..., loras: _Optional[_Iterable[_Union[Lora, _Mapping]]] = ..., format: _Optional[str] = ..., preview: _Optional[bool] = ..., mark: _Optional[str] = ..., in_betweens: _Optional[str] = ..., animatic: _Optional[str] = ...) -> None: ...

class Lora(_message.Message):
    __slots__ = ("path", "artifact", "weight", "consent_id", "sha256", "adapter_sha256", "grant", "enrollment_ways")
    PATH_FIELD_NUMBER: _ClassVar[int]
    ARTIFACT_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_FIELD_NUMBER: _ClassVar[int]
    CONSENT_ID_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    ADAPTER_SHA256_FIELD_NUMBER: _ClassVar[int]
    GRANT_FIELD_NUMBER: _ClassVar[int]
    ENROLLMENT_WAYS_FIELD_NUMBER: _ClassVar[int]
    path: str
    artifact: _artifact_pb2.Artifact
    weight: float
    consent_id: str
    sha256: str
    adapter_sha256: str
    grant: str
    enrollment_ways: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, path: _Optional[str] = ..., artifact: _Optional[_Union[_artifact_pb2.Artifact, _Mapping]] = ..., weight: _Optional[float] = ..., consent_id: _Optional[str] = ..., sha256: _Optional[str] = ..., adapter_sha256: _Optional[str] = ..., grant: _Optional[str] = ..., enrollment_ways: _Optional[_Iterable[str]] = ...) -> None: ...

class ScenePlan(_message.Message):
    __slots__ = ("index", "first_frame", "end_frame", "path_length")
    INDEX_FIELD_NUMBER: _ClassVar[int]
    FIRST_FRAME_FIELD_NUMBER: _ClassVar[int]
    END_FRAME_FIELD_NUMBER: _ClassVar[int]
    PATH_LENGTH_FIELD_NUMBER: _ClassVar[int]
    index: int
    first_frame: int
    end_frame: int
    path_length: float
    def __init__(self, index: _Optional[int] = ..., first_frame: _Optional[int] = ..., end_frame: _Optional[int] = ..., path_length: _Optional[float] = ...) -> None: ...

class SegmentPlan(_message.Message):
    __slots__ = ("index", "first_frame", "end_frame")
    INDEX_FIELD_NUMBER: _ClassVar[int]
    FIRST_FRAME_FIELD_NUMBER: _ClassVar[int]
    END_FRAME_FIELD_NUMBER: _ClassVar[int]
    index: int
    first_frame: int
    end_frame: int
    def __init__(self, index: _Optional[int] = ..., first_frame: _Optional[int] = ..., end_frame: _Optional[int] = ...) -> None: ...
