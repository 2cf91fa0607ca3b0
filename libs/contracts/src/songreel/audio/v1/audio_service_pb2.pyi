from songreel.type.v1 import artifact_pb2 as _artifact_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class AnalyzeRequest(_message.Message):
    __slots__ = ("song", "lyrics", "file_name", "options")
    SONG_FIELD_NUMBER: _ClassVar[int]
    LYRICS_FIELD_NUMBER: _ClassVar[int]
    FILE_NAME_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    song: _artifact_pb2.Artifact
    lyrics: _artifact_pb2.Artifact
    file_name: str
    options: AnalyzeOptions
    def __init__(self, song: _Optional[_Union[_artifact_pb2.Artifact, _Mapping]] = ..., lyrics: _Optional[_Union[_artifact_pb2.Artifact, _Mapping]] = ..., file_name: _Optional[str] = ..., options: _Optional[_Union[AnalyzeOptions, _Mapping]] = ...) -> None: ...

class AnalyzeOptions(_message.Message):
    __slots__ = ("start", "seconds", "extractor", "asr", "language", "tempo_octave", "tempo_bpm", "plot")
    START_FIELD_NUMBER: _ClassVar[int]
    SECONDS_FIELD_NUMBER: _ClassVar[int]
    EXTRACTOR_FIELD_NUMBER: _ClassVar[int]
    ASR_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    TEMPO_OCTAVE_FIELD_NUMBER: _ClassVar[int]
    TEMPO_BPM_FIELD_NUMBER: _ClassVar[int]
    PLOT_FIELD_NUMBER: _ClassVar[int]
    start: float
    seconds: float
    extractor: str
    asr: str
    language: str
    tempo_octave: str
    tempo_bpm: float
    plot: bool
    def __init__(self, start: _Optional[float] = ..., seconds: _Optional[float] = ..., extractor: _Optional[str] = ..., asr: _Optional[str] = ..., language: _Optional[str] = ..., tempo_octave: _Optional[str] = ..., tempo_bpm: _Optional[float] = ..., plot: _Optional[bool] = ...) -> None: ...

class AnalyzeResponse(_message.Message):
    __slots__ = ("progress", "result")
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    progress: _artifact_pb2.Progress
    result: AnalyzeResult
    def __init__(self, progress: _Optional[_Union[_artifact_pb2.Progress, _Mapping]] = ..., result: _Optional[_Union[AnalyzeResult, _Mapping]] = ...) -> None: ...

class AnalyzeResult(_message.Message):
    __slots__ = ("analysis", "plot", "reused")
    ANALYSIS_FIELD_NUMBER: _ClassVar[int]
    PLOT_FIELD_NUMBER: _ClassVar[int]
    REUSED_FIELD_NUMBER: _ClassVar[int]
    analysis: _artifact_pb2.Artifact
    plot: _artifact_pb2.Artifact
    reused: bool
    def __init__(self, analysis: _Optional[_Union[_artifact_pb2.Artifact, _Mapping]] = ..., plot: _Optional[_Union[_artifact_pb2.Artifact, _Mapping]] = ..., reused: _Optional[bool] = ...) -> None: ...
