from songreel.type.v1 import artifact_pb2 as _artifact_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class WatchRequest(_message.Message):
    __slots__ = ("video",)
    VIDEO_FIELD_NUMBER: _ClassVar[int]
    video: _artifact_pb2.Artifact
    def __init__(self, video: _Optional[_Union[_artifact_pb2.Artifact, _Mapping]] = ...) -> None: ...

class WatchResponse(_message.Message):
    __slots__ = ("progress", "result")
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    progress: _artifact_pb2.Progress
    result: WatchResult
    def __init__(self, progress: _Optional[_Union[_artifact_pb2.Progress, _Mapping]] = ..., result: _Optional[_Union[WatchResult, _Mapping]] = ...) -> None: ...

class WatchResult(_message.Message):
    __slots__ = ("analysis", "reused")
    ANALYSIS_FIELD_NUMBER: _ClassVar[int]
    REUSED_FIELD_NUMBER: _ClassVar[int]
    analysis: _artifact_pb2.Artifact
    reused: bool
    def __init__(self, analysis: _Optional[_Union[_artifact_pb2.Artifact, _Mapping]] = ..., reused: _Optional[bool] = ...) -> None: ...

class ScoreRequest(_message.Message):
    __slots__ = ("video", "plan", "options", "analysis")
    VIDEO_FIELD_NUMBER: _ClassVar[int]
    PLAN_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    ANALYSIS_FIELD_NUMBER: _ClassVar[int]
    video: _artifact_pb2.Artifact
    plan: _artifact_pb2.Artifact
    options: ScoreOptions
    analysis: _artifact_pb2.Artifact
    def __init__(self, video: _Optional[_Union[_artifact_pb2.Artifact, _Mapping]] = ..., plan: _Optional[_Union[_artifact_pb2.Artifact, _Mapping]] = ..., options: _Optional[_Union[ScoreOptions, _Mapping]] = ..., analysis: _Optional[_Union[_artifact_pb2.Artifact, _Mapping]] = ...) -> None: ...

class ScoreOptions(_message.Message):
    __slots__ = ("style", "key", "sync", "seed", "bpm", "mood", "hits", "keep_sound", "engine", "format", "stems", "sound", "timeline")
    STYLE_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    SYNC_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    BPM_FIELD_NUMBER: _ClassVar[int]
    MOOD_FIELD_NUMBER: _ClassVar[int]
    HITS_FIELD_NUMBER: _ClassVar[int]
    KEEP_SOUND_FIELD_NUMBER: _ClassVar[int]
    ENGINE_FIELD_NUMBER: _ClassVar[int]
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    STEMS_FIELD_NUMBER: _ClassVar[int]
    SOUND_FIELD_NUMBER: _ClassVar[int]
    TIMELINE_FIELD_NUMBER: _ClassVar[int]
    style: str
    key: str
    sync: str
    seed: int
    bpm: float
    mood: _containers.RepeatedCompositeFieldContainer[MoodPoint]
    hits: _containers.RepeatedScalarFieldContainer[float]
    keep_sound: str
    engine: str
    format: str
    stems: bool
    sound: bool
    timeline: bool
    def __init__(self, style: _Optional[str] = ..., key: _Optional[str] = ..., sync: _Optional[str] = ..., seed: _Optional[int] = ..., bpm: _Optional[float] = ..., mood: _Optional[_Iterable[_Union[MoodPoint, _Mapping]]] = ..., hits: _Optional[_Iterable[float]] = ..., keep_sound: _Optional[str] = ..., engine: _Optional[str] = ..., format: _Optional[str] = ..., stems: _Optional[bool] = ..., sound: _Optional[bool] = ..., timeline: _Optional[bool] = ...) -> None: ...

class MoodPoint(_message.Message):
    __slots__ = ("time", "valence", "arousal")
    TIME_FIELD_NUMBER: _ClassVar[int]
    VALENCE_FIELD_NUMBER: _ClassVar[int]
    AROUSAL_FIELD_NUMBER: _ClassVar[int]
    time: float
    valence: float
    arousal: float
    def __init__(self, time: _Optional[float] = ..., valence: _Optional[float] = ..., arousal: _Optional[float] = ...) -> None: ...

class ScoreResponse(_message.Message):
    __slots__ = ("progress", "result")
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    progress: _artifact_pb2.Progress
    result: ScoreResult
    def __init__(self, progress: _Optional[_Union[_artifact_pb2.Progress, _Mapping]] = ..., result: _Optional[_Union[ScoreResult, _Mapping]] = ...) -> None: ...

class ScoreResult(_message.Message):
    __slots__ = ("film", "plan", "report", "midi", "timeline", "sound", "stems", "lufs", "true_peak", "reused")
    FILM_FIELD_NUMBER: _ClassVar[int]
    PLAN_FIELD_NUMBER: _ClassVar[int]
    REPORT_FIELD_NUMBER: _ClassVar[int]
    MIDI_FIELD_NUMBER: _ClassVar[int]
    TIMELINE_FIELD_NUMBER: _ClassVar[int]
    SOUND_FIELD_NUMBER: _ClassVar[int]
    STEMS_FIELD_NUMBER: _ClassVar[int]
    LUFS_FIELD_NUMBER: _ClassVar[int]
    TRUE_PEAK_FIELD_NUMBER: _ClassVar[int]
    REUSED_FIELD_NUMBER: _ClassVar[int]
    film: _artifact_pb2.Artifact
    plan: _artifact_pb2.Artifact
    report: _artifact_pb2.Artifact
    midi: _artifact_pb2.Artifact
    timeline: _artifact_pb2.Artifact
    sound: _artifact_pb2.Artifact
    stems: _containers.RepeatedCompositeFieldContainer[Stem]
    lufs: float
    true_peak: float
    reused: bool
    def __init__(self, film: _Optional[_Union[_artifact_pb2.Artifact, _Mapping]] = ..., plan: _Optional[_Union[_artifact_pb2.Artifact, _Mapping]] = ..., report: _Optional[_Union[_artifact_pb2.Artifact, _Mapping]] = ..., midi: _Optional[_Union[_artifact_pb2.Artifact, _Mapping]] = ..., timeline: _Optional[_Union[_artifact_pb2.Artifact, _Mapping]] = ..., sound: _Optional[_Union[_artifact_pb2.Artifact, _Mapping]] = ..., stems: _Optional[_Iterable[_Union[Stem, _Mapping]]] = ..., lufs: _Optional[float] = ..., true_peak: _Optional[float] = ..., reused: _Optional[bool] = ...) -> None: ...

class Stem(_message.Message):
    __slots__ = ("role", "sound")
    ROLE_FIELD_NUMBER: _ClassVar[int]
    SOUND_FIELD_NUMBER: _ClassVar[int]
    role: str
    sound: _artifact_pb2.Artifact
    def __init__(self, role: _Optional[str] = ..., sound: _Optional[_Union[_artifact_pb2.Artifact, _Mapping]] = ...) -> None: ...

class ListStylesRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListStylesResponse(_message.Message):
    __slots__ = ("styles", "engines")
    STYLES_FIELD_NUMBER: _ClassVar[int]
    ENGINES_FIELD_NUMBER: _ClassVar[int]
    styles: _containers.RepeatedCompositeFieldContainer[Style]
    engines: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, styles: _Optional[_Iterable[_Union[Style, _Mapping]]] = ..., engines: _Optional[_Iterable[str]] = ...) -> None: ...

class Style(_message.Message):
    __slots__ = ("name", "description")
    NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    name: str
    description: str
    def __init__(self, name: _Optional[str] = ..., description: _Optional[str] = ...) -> None: ...
