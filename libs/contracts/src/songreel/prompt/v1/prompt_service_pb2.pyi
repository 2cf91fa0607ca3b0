from songreel.type.v1 import artifact_pb2 as _artifact_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class WriteStoryboardRequest(_message.Message):
    __slots__ = ("analysis", "options")
    ANALYSIS_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    analysis: _artifact_pb2.Artifact
    options: StoryboardOptions
    def __init__(self, analysis: _Optional[_Union[_artifact_pb2.Artifact, _Mapping]] = ..., options: _Optional[_Union[StoryboardOptions, _Mapping]] = ...) -> None: ...

class StoryboardOptions(_message.Message):
    __slots__ = ("style", "storyteller", "seed", "protagonist_share", "storyboard", "protagonist_name", "checkpoint", "protagonist_phrase")
    STYLE_FIELD_NUMBER: _ClassVar[int]
    STORYTELLER_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    PROTAGONIST_SHARE_FIELD_NUMBER: _ClassVar[int]
    STORYBOARD_FIELD_NUMBER: _ClassVar[int]
    PROTAGONIST_NAME_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_FIELD_NUMBER: _ClassVar[int]
    PROTAGONIST_PHRASE_FIELD_NUMBER: _ClassVar[int]
    style: str
    storyteller: str
    seed: int
    protagonist_share: float
    storyboard: _artifact_pb2.Artifact
    protagonist_name: str
    checkpoint: str
    protagonist_phrase: str
    def __init__(self, style: _Optional[str] = ..., storyteller: _Optional[str] = ..., seed: _Optional[int] = ..., protagonist_share: _Optional[float] = ..., storyboard: _Optional[_Union[_artifact_pb2.Artifact, _Mapping]] = ..., protagonist_name: _Optional[str] = ..., checkpoint: _Optional[str] = ..., protagonist_phrase: _Optional[str] = ...) -> None: ...

class WriteStoryboardResponse(_message.Message):
    __slots__ = ("progress", "result")
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    progress: _artifact_pb2.Progress
    result: WriteStoryboardResult
    def __init__(self, progress: _Optional[_Union[_artifact_pb2.Progress, _Mapping]] = ..., result: _Optional[_Union[WriteStoryboardResult, _Mapping]] = ...) -> None: ...

class WriteStoryboardResult(_message.Message):
    __slots__ = ("storyboard", "storyteller", "reused", "document")
    STORYBOARD_FIELD_NUMBER: _ClassVar[int]
    STORYTELLER_FIELD_NUMBER: _ClassVar[int]
    REUSED_FIELD_NUMBER: _ClassVar[int]
    DOCUMENT_FIELD_NUMBER: _ClassVar[int]
    storyboard: _artifact_pb2.Artifact
    storyteller: str
    reused: bool
    document: _artifact_pb2.Artifact
    def __init__(self, storyboard: _Optional[_Union[_artifact_pb2.Artifact, _Mapping]] = ..., storyteller: _Optional[str] = ..., reused: _Optional[bool] = ..., document: _Optional[_Union[_artifact_pb2.Artifact, _Mapping]] = ...) -> None: ...

class CheckStoryboardRequest(_message.Message):
    __slots__ = ("document", "analysis", "document_name", "options", "by_scene")
    DOCUMENT_FIELD_NUMBER: _ClassVar[int]
    ANALYSIS_FIELD_NUMBER: _ClassVar[int]
    DOCUMENT_NAME_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    BY_SCENE_FIELD_NUMBER: _ClassVar[int]
    document: _artifact_pb2.Artifact
    analysis: _artifact_pb2.Artifact
    document_name: str
    options: StoryboardOptions
    by_scene: bool
    def __init__(self, document: _Optional[_Union[_artifact_pb2.Artifact, _Mapping]] = ..., analysis: _Optional[_Union[_artifact_pb2.Artifact, _Mapping]] = ..., document_name: _Optional[str] = ..., options: _Optional[_Union[StoryboardOptions, _Mapping]] = ..., by_scene: _Optional[bool] = ...) -> None: ...

class CheckStoryboardResponse(_message.Message):
    __slots__ = ("storyboard", "notes", "document")
    STORYBOARD_FIELD_NUMBER: _ClassVar[int]
    NOTES_FIELD_NUMBER: _ClassVar[int]
    DOCUMENT_FIELD_NUMBER: _ClassVar[int]
    storyboard: _artifact_pb2.Artifact
    notes: _containers.RepeatedScalarFieldContainer[str]
    document: _artifact_pb2.Artifact
    def __init__(self, storyboard: _Optional[_Union[_artifact_pb2.Artifact, _Mapping]] = ..., notes: _Optional[_Iterable[str]] = ..., document: _Optional[_Union[_artifact_pb2.Artifact, _Mapping]] = ...) -> None: ...

class FormatStoryboardRequest(_message.Message):
    __slots__ = ("storyboard",)
    STORYBOARD_FIELD_NUMBER: _ClassVar[int]
    storyboard: _artifact_pb2.Artifact
    def __init__(self, storyboard: _Optional[_Union[_artifact_pb2.Artifact, _Mapping]] = ...) -> None: ...

class FormatStoryboardResponse(_message.Message):
    __slots__ = ("document",)
    DOCUMENT_FIELD_NUMBER: _ClassVar[int]
    document: _artifact_pb2.Artifact
    def __init__(self, document: _Optional[_Union[_artifact_pb2.Artifact, _Mapping]] = ...) -> None: ...

class ListStylesRequest(_message.Message):
    __slots__ = ("page_size", "page_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListStylesResponse(_message.Message):
    __slots__ = ("styles", "next_page_token")
    STYLES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    styles: _containers.RepeatedCompositeFieldContainer[Style]
    next_page_token: str
    def __init__(self, styles: _Optional[_Iterable[_Union[Style, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class Style(_message.Message):
    __slots__ = ("name", "description")
    NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    name: str
    description: str
    def __init__(self, name: _Optional[str] = ..., description: _Optional[str] = ...) -> None: ...
