import datetime

from google.longrunning import operations_pb2 as _operations_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import field_mask_pb2 as _field_mask_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.rpc import status_pb2 as _status_pb2
from songreel.audio.v1 import audio_service_pb2 as _audio_service_pb2
from songreel.prompt.v1 import prompt_service_pb2 as _prompt_service_pb2
from songreel.score.v1 import score_service_pb2 as _score_service_pb2
from songreel.v1 import media_pb2 as _media_pb2
from songreel.v1 import video_pb2 as _video_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CreateVideoRequest(_message.Message):
    __slots__ = ("parent", "video", "video_id", "request_id", "validate_only")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    VIDEO_FIELD_NUMBER: _ClassVar[int]
    VIDEO_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    parent: str
    video: _video_pb2.Video
    video_id: str
    request_id: str
    validate_only: bool
    def __init__(self, parent: _Optional[str] = ..., video: _Optional[_Union[_video_pb2.Video, _Mapping]] = ..., video_id: _Optional[str] = ..., request_id: _Optional[str] = ..., validate_only: _Optional[bool] = ...) -> None: ...

class GetVideoRequest(_message.Message):
    __slots__ = ("name", "read_mask")
    NAME_FIELD_NUMBER: _ClassVar[int]
    READ_MASK_FIELD_NUMBER: _ClassVar[int]
    name: str
    read_mask: _field_mask_pb2.FieldMask
    def __init__(self, name: _Optional[str] = ..., read_mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ...) -> None: ...

class GetVideoResponse(_message.Message):
    __slots__ = ("video",)
    VIDEO_FIELD_NUMBER: _ClassVar[int]
    video: _video_pb2.Video
    def __init__(self, video: _Optional[_Union[_video_pb2.Video, _Mapping]] = ...) -> None: ...

class ListVideosRequest(_message.Message):
    __slots__ = ("parent", "page_size", "page_token", "filter", "read_mask")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    FILTER_FIELD_NUMBER: _ClassVar[int]
    READ_MASK_FIELD_NUMBER: _ClassVar[int]
    parent: str
    page_size: int
    page_token: str
    filter: str
    read_mask: _field_mask_pb2.FieldMask
    def __init__(self, parent: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., filter: _Optional[str] = ..., read_mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ...) -> None: ...

class ListVideosResponse(_message.Message):
    __slots__ = ("videos", "next_page_token")
    VIDEOS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    videos: _containers.RepeatedCompositeFieldContainer[_video_pb2.Video]
    next_page_token: str
    def __init__(self, videos: _Optional[_Iterable[_Union[_video_pb2.Video, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class DeleteVideoRequest(_message.Message):
    __slots__ = ("name", "force", "request_id")
    NAME_FIELD_NUMBER: _ClassVar[int]
    FORCE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    name: str
    force: bool
    request_id: str
    def __init__(self, name: _Optional[str] = ..., force: _Optional[bool] = ..., request_id: _Optional[str] = ...) -> None: ...

class DeleteVideoResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class AnalyzeSongRequest(_message.Message):
    __slots__ = ("parent", "song", "lyrics", "options", "request_id")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    SONG_FIELD_NUMBER: _ClassVar[int]
    LYRICS_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    parent: str
    song: str
    lyrics: str
    options: _audio_service_pb2.AnalyzeOptions
    request_id: str
    def __init__(self, parent: _Optional[str] = ..., song: _Optional[str] = ..., lyrics: _Optional[str] = ..., options: _Optional[_Union[_audio_service_pb2.AnalyzeOptions, _Mapping]] = ..., request_id: _Optional[str] = ...) -> None: ...

class AnalyzeSongResult(_message.Message):
    __slots__ = ("analysis", "plot")
    ANALYSIS_FIELD_NUMBER: _ClassVar[int]
    PLOT_FIELD_NUMBER: _ClassVar[int]
    analysis: _media_pb2.Media
    plot: _media_pb2.Media
    def __init__(self, analysis: _Optional[_Union[_media_pb2.Media, _Mapping]] = ..., plot: _Optional[_Union[_media_pb2.Media, _Mapping]] = ...) -> None: ...

class CreateStoryboardRequest(_message.Message):
    __slots__ = ("parent", "analysis", "options", "request_id", "storyboard")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    ANALYSIS_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    STORYBOARD_FIELD_NUMBER: _ClassVar[int]
    parent: str
    analysis: str
    options: _prompt_service_pb2.StoryboardOptions
    request_id: str
    storyboard: str
    def __init__(self, parent: _Optional[str] = ..., analysis: _Optional[str] = ..., options: _Optional[_Union[_prompt_service_pb2.StoryboardOptions, _Mapping]] = ..., request_id: _Optional[str] = ..., storyboard: _Optional[str] = ...) -> None: ...

class CreateStoryboardResult(_message.Message):
    __slots__ = ("storyboard", "storyteller", "stored")
    STORYBOARD_FIELD_NUMBER: _ClassVar[int]
    STORYTELLER_FIELD_NUMBER: _ClassVar[int]
    STORED_FIELD_NUMBER: _ClassVar[int]
    storyboard: _media_pb2.Media
    storyteller: str
    stored: _video_pb2.Storyboard
    def __init__(self, storyboard: _Optional[_Union[_media_pb2.Media, _Mapping]] = ..., storyteller: _Optional[str] = ..., stored: _Optional[_Union[_video_pb2.Storyboard, _Mapping]] = ...) -> None: ...

class CreateScoreRequest(_message.Message):
    __slots__ = ("parent", "video", "plan", "options", "request_id", "validate_only")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    VIDEO_FIELD_NUMBER: _ClassVar[int]
    PLAN_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    parent: str
    video: str
    plan: str
    options: _score_service_pb2.ScoreOptions
    request_id: str
    validate_only: bool
    def __init__(self, parent: _Optional[str] = ..., video: _Optional[str] = ..., plan: _Optional[str] = ..., options: _Optional[_Union[_score_service_pb2.ScoreOptions, _Mapping]] = ..., request_id: _Optional[str] = ..., validate_only: _Optional[bool] = ...) -> None: ...

class CreateScoreResult(_message.Message):
    __slots__ = ("film", "analysis", "plan", "report", "midi", "timeline", "sound", "stems", "lufs", "true_peak")
    class StemsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _media_pb2.Media
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_media_pb2.Media, _Mapping]] = ...) -> None: ...
    FILM_FIELD_NUMBER: _ClassVar[int]
    ANALYSIS_FIELD_NUMBER: _ClassVar[int]
    PLAN_FIELD_NUMBER: _ClassVar[int]
    REPORT_FIELD_NUMBER: _ClassVar[int]
    MIDI_FIELD_NUMBER: _ClassVar[int]
    TIMELINE_FIELD_NUMBER: _ClassVar[int]
    SOUND_FIELD_NUMBER: _ClassVar[int]
    STEMS_FIELD_NUMBER: _ClassVar[int]
    LUFS_FIELD_NUMBER: _ClassVar[int]
    TRUE_PEAK_FIELD_NUMBER: _ClassVar[int]
    film: _media_pb2.Media
    analysis: _media_pb2.Media
    plan: _media_pb2.Media
    report: _media_pb2.Media
    midi: _media_pb2.Media
    timeline: _media_pb2.Media
    sound: _media_pb2.Media
    stems: _containers.MessageMap[str, _media_pb2.Media]
    lufs: float
    true_peak: float
    def __init__(self, film: _Optional[_Union[_media_pb2.Media, _Mapping]] = ..., analysis: _Optional[_Union[_media_pb2.Media, _Mapping]] = ..., plan: _Optional[_Union[_media_pb2.Media, _Mapping]] = ..., report: _Optional[_Union[_media_pb2.Media, _Mapping]] = ..., midi: _Optional[_Union[_media_pb2.Media, _Mapping]] = ..., timeline: _Optional[_Union[_media_pb2.Media, _Mapping]] = ..., sound: _Optional[_Union[_media_pb2.Media, _Mapping]] = ..., stems: _Optional[_Mapping[str, _media_pb2.Media]] = ..., lufs: _Optional[float] = ..., true_peak: _Optional[float] = ...) -> None: ...

class GetStoryboardRequest(_message.Message):
    __slots__ = ("name", "read_mask")
    NAME_FIELD_NUMBER: _ClassVar[int]
    READ_MASK_FIELD_NUMBER: _ClassVar[int]
    name: str
    read_mask: _field_mask_pb2.FieldMask
    def __init__(self, name: _Optional[str] = ..., read_mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ...) -> None: ...

class GetStoryboardResponse(_message.Message):
    __slots__ = ("storyboard",)
    STORYBOARD_FIELD_NUMBER: _ClassVar[int]
    storyboard: _video_pb2.Storyboard
    def __init__(self, storyboard: _Optional[_Union[_video_pb2.Storyboard, _Mapping]] = ...) -> None: ...

class ListStoryboardsRequest(_message.Message):
    __slots__ = ("parent", "page_size", "page_token", "read_mask")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    READ_MASK_FIELD_NUMBER: _ClassVar[int]
    parent: str
    page_size: int
    page_token: str
    read_mask: _field_mask_pb2.FieldMask
    def __init__(self, parent: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., read_mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ...) -> None: ...

class ListStoryboardsResponse(_message.Message):
    __slots__ = ("storyboards", "next_page_token")
    STORYBOARDS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    storyboards: _containers.RepeatedCompositeFieldContainer[_video_pb2.Storyboard]
    next_page_token: str
    def __init__(self, storyboards: _Optional[_Iterable[_Union[_video_pb2.Storyboard, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class UpdateStoryboardRequest(_message.Message):
    __slots__ = ("storyboard", "update_mask", "request_id", "validate_only")
    STORYBOARD_FIELD_NUMBER: _ClassVar[int]
    UPDATE_MASK_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    storyboard: _video_pb2.Storyboard
    update_mask: _field_mask_pb2.FieldMask
    request_id: str
    validate_only: bool
    def __init__(self, storyboard: _Optional[_Union[_video_pb2.Storyboard, _Mapping]] = ..., update_mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ..., request_id: _Optional[str] = ..., validate_only: _Optional[bool] = ...) -> None: ...

class UpdateStoryboardResponse(_message.Message):
    __slots__ = ("storyboard",)
    STORYBOARD_FIELD_NUMBER: _ClassVar[int]
    storyboard: _video_pb2.Storyboard
    def __init__(self, storyboard: _Optional[_Union[_video_pb2.Storyboard, _Mapping]] = ...) -> None: ...

class DeleteStoryboardRequest(_message.Message):
    __slots__ = ("name", "etag", "request_id")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    name: str
    etag: str
    request_id: str
    def __init__(self, name: _Optional[str] = ..., etag: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class DeleteStoryboardResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class WatchOperationRequest(_message.Message):
    __slots__ = ("name", "offset")
    NAME_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    name: str
    offset: int
    def __init__(self, name: _Optional[str] = ..., offset: _Optional[int] = ...) -> None: ...

class WatchOperationResponse(_message.Message):
    __slots__ = ("event",)
    EVENT_FIELD_NUMBER: _ClassVar[int]
    event: JobEvent
    def __init__(self, event: _Optional[_Union[JobEvent, _Mapping]] = ...) -> None: ...

class JobEvent(_message.Message):
    __slots__ = ("offset", "time", "metadata", "done", "error")
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    DONE_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    offset: int
    time: _timestamp_pb2.Timestamp
    metadata: JobMetadata
    done: bool
    error: _status_pb2.Status
    def __init__(self, offset: _Optional[int] = ..., time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., metadata: _Optional[_Union[JobMetadata, _Mapping]] = ..., done: _Optional[bool] = ..., error: _Optional[_Union[_status_pb2.Status, _Mapping]] = ...) -> None: ...

class JobMetadata(_message.Message):
    __slots__ = ("stage", "step", "fraction", "frames_done", "frames_total", "frames_per_second", "estimated_rest", "media", "video", "attempt", "create_time", "waiting_for")
    STAGE_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    FRACTION_FIELD_NUMBER: _ClassVar[int]
    FRAMES_DONE_FIELD_NUMBER: _ClassVar[int]
    FRAMES_TOTAL_FIELD_NUMBER: _ClassVar[int]
    FRAMES_PER_SECOND_FIELD_NUMBER: _ClassVar[int]
    ESTIMATED_REST_FIELD_NUMBER: _ClassVar[int]
    MEDIA_FIELD_NUMBER: _ClassVar[int]
    VIDEO_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    WAITING_FOR_FIELD_NUMBER: _ClassVar[int]
    stage: str
    step: str
    fraction: float
    frames_done: int
    frames_total: int
    frames_per_second: float
    estimated_rest: _duration_pb2.Duration
    media: _video_pb2.VideoMedia
    video: str
    attempt: int
    create_time: _timestamp_pb2.Timestamp
    waiting_for: str
    def __init__(self, stage: _Optional[str] = ..., step: _Optional[str] = ..., fraction: _Optional[float] = ..., frames_done: _Optional[int] = ..., frames_total: _Optional[int] = ..., frames_per_second: _Optional[float] = ..., estimated_rest: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., media: _Optional[_Union[_video_pb2.VideoMedia, _Mapping]] = ..., video: _Optional[str] = ..., attempt: _Optional[int] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., waiting_for: _Optional[str] = ...) -> None: ...
