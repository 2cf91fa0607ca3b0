import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.rpc import status_pb2 as _status_pb2
from songreel.audio.v1 import audio_service_pb2 as _audio_service_pb2
from songreel.prompt.v1 import prompt_service_pb2 as _prompt_service_pb2
from songreel.prompt.v1 import storyboard_pb2 as _storyboard_pb2
from songreel.render.v1 import render_plan_pb2 as _render_plan_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Video(_message.Message):
    __slots__ = ("name", "song", "lyrics", "analysis", "storyboard", "stored_storyboard", "storyboard_etag", "analyze_options", "storyboard_options", "render_settings", "rewrite_storyboard", "identity", "media", "frames", "frames_reused", "audio_mode", "storyteller", "fallbacks", "operation", "state", "create_time", "expire_time", "error")
    class State(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        STATE_UNSPECIFIED: _ClassVar[Video.State]
        STATE_MAKING: _ClassVar[Video.State]
        STATE_READY: _ClassVar[Video.State]
        STATE_FAILED: _ClassVar[Video.State]
        STATE_CANCELLED: _ClassVar[Video.State]
    STATE_UNSPECIFIED: Video.State
    STATE_MAKING: Video.State
    STATE_READY: Video.State
    STATE_FAILED: Video.State
    STATE_CANCELLED: Video.State
    NAME_FIELD_NUMBER: _ClassVar[int]
    SONG_FIELD_NUMBER: _ClassVar[int]
    LYRICS_FIELD_NUMBER: _ClassVar[int]
    ANALYSIS_FIELD_NUMBER: _ClassVar[int]
    STORYBOARD_FIELD_NUMBER: _ClassVar[int]
    STORED_STORYBOARD_FIELD_NUMBER: _ClassVar[int]
    STORYBOARD_ETAG_FIELD_NUMBER: _ClassVar[int]
    ANALYZE_OPTIONS_FIELD_NUMBER: _ClassVar[int]
    STORYBOARD_OPTIONS_FIELD_NUMBER: _ClassVar[int]
    RENDER_SETTINGS_FIELD_NUMBER: _ClassVar[int]
    REWRITE_STORYBOARD_FIELD_NUMBER: _ClassVar[int]
    IDENTITY_FIELD_NUMBER: _ClassVar[int]
    MEDIA_FIELD_NUMBER: _ClassVar[int]
    FRAMES_FIELD_NUMBER: _ClassVar[int]
    FRAMES_REUSED_FIELD_NUMBER: _ClassVar[int]
    AUDIO_MODE_FIELD_NUMBER: _ClassVar[int]
    STORYTELLER_FIELD_NUMBER: _ClassVar[int]
    FALLBACKS_FIELD_NUMBER: _ClassVar[int]
    OPERATION_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    name: str
    song: str
    lyrics: str
    analysis: str
    storyboard: str
    stored_storyboard: str
    storyboard_etag: str
    analyze_options: _audio_service_pb2.AnalyzeOptions
    storyboard_options: _prompt_service_pb2.StoryboardOptions
    render_settings: _render_plan_pb2.RenderSettings
    rewrite_storyboard: bool
    identity: VideoIdentity
    media: VideoMedia
    frames: int
    frames_reused: int
    audio_mode: str
    storyteller: str
    fallbacks: _containers.RepeatedScalarFieldContainer[str]
    operation: str
    state: Video.State
    create_time: _timestamp_pb2.Timestamp
    expire_time: _timestamp_pb2.Timestamp
    error: _status_pb2.Status
    def __init__(self, name: _Optional[str] = ..., song: _Optional[str] = ..., lyrics: _Optional[str] = ..., analysis: _Optional[str] = ..., storyboard: _Optional[str] = ..., stored_storyboard: _Optional[str] = ..., storyboard_etag: _Optional[str] = ..., analyze_options: _Optional[_Union[_audio_service_pb2.AnalyzeOptions, _Mapping]] = ..., storyboard_options: _Optional[_Union[_prompt_service_pb2.StoryboardOptions, _Mapping]] = ..., render_settings: _Optional[_Union[_render_plan_pb2.RenderSettings, _Mapping]] = ..., rewrite_storyboard: _Optional[bool] = ..., identity: _Optional[_Union[VideoIdentity, _Mapping]] = ..., media: _Optional[_Union[VideoMedia, _Mapping]] = ..., frames: _Optional[int] = ..., frames_reused: _Optional[int] = ..., audio_mode: _Optional[str] = ..., storyteller: _Optional[str] = ..., fallbacks: _Optional[_Iterable[str]] = ..., operation: _Optional[str] = ..., state: _Optional[_Union[Video.State, str]] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., error: _Optional[_Union[_status_pb2.Status, _Mapping]] = ...) -> None: ...

class VideoIdentity(_message.Message):
    __slots__ = ("name", "noun", "weight")
    NAME_FIELD_NUMBER: _ClassVar[int]
    NOUN_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_FIELD_NUMBER: _ClassVar[int]
    name: str
    noun: str
    weight: float
    def __init__(self, name: _Optional[str] = ..., noun: _Optional[str] = ..., weight: _Optional[float] = ...) -> None: ...

class VideoMedia(_message.Message):
    __slots__ = ("video", "analysis", "storyboard", "plan", "timeline", "contact_sheet", "plot", "report", "midi", "sound", "stems")
    class StemsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    VIDEO_FIELD_NUMBER: _ClassVar[int]
    ANALYSIS_FIELD_NUMBER: _ClassVar[int]
    STORYBOARD_FIELD_NUMBER: _ClassVar[int]
    PLAN_FIELD_NUMBER: _ClassVar[int]
    TIMELINE_FIELD_NUMBER: _ClassVar[int]
    CONTACT_SHEET_FIELD_NUMBER: _ClassVar[int]
    PLOT_FIELD_NUMBER: _ClassVar[int]
    REPORT_FIELD_NUMBER: _ClassVar[int]
    MIDI_FIELD_NUMBER: _ClassVar[int]
    SOUND_FIELD_NUMBER: _ClassVar[int]
    STEMS_FIELD_NUMBER: _ClassVar[int]
    video: str
    analysis: str
    storyboard: str
    plan: str
    timeline: str
    contact_sheet: str
    plot: str
    report: str
    midi: str
    sound: str
    stems: _containers.ScalarMap[str, str]
    def __init__(self, video: _Optional[str] = ..., analysis: _Optional[str] = ..., storyboard: _Optional[str] = ..., plan: _Optional[str] = ..., timeline: _Optional[str] = ..., contact_sheet: _Optional[str] = ..., plot: _Optional[str] = ..., report: _Optional[str] = ..., midi: _Optional[str] = ..., sound: _Optional[str] = ..., stems: _Optional[_Mapping[str, str]] = ...) -> None: ...

class Storyboard(_message.Message):
    __slots__ = ("name", "etag", "create_time", "update_time", "content", "analysis", "options", "document")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    ANALYSIS_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    DOCUMENT_FIELD_NUMBER: _ClassVar[int]
    name: str
    etag: str
    create_time: _timestamp_pb2.Timestamp
    update_time: _timestamp_pb2.Timestamp
    content: _storyboard_pb2.Storyboard
    analysis: str
    options: _prompt_service_pb2.StoryboardOptions
    document: str
    def __init__(self, name: _Optional[str] = ..., etag: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., content: _Optional[_Union[_storyboard_pb2.Storyboard, _Mapping]] = ..., analysis: _Optional[str] = ..., options: _Optional[_Union[_prompt_service_pb2.StoryboardOptions, _Mapping]] = ..., document: _Optional[str] = ...) -> None: ...
