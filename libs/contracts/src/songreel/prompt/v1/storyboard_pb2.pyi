from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Storyboard(_message.Message):
    __slots__ = ("title", "style", "storyteller", "treatment", "scenes", "notes", "look", "finish")
    TITLE_FIELD_NUMBER: _ClassVar[int]
    STYLE_FIELD_NUMBER: _ClassVar[int]
    STORYTELLER_FIELD_NUMBER: _ClassVar[int]
    TREATMENT_FIELD_NUMBER: _ClassVar[int]
    SCENES_FIELD_NUMBER: _ClassVar[int]
    NOTES_FIELD_NUMBER: _ClassVar[int]
    LOOK_FIELD_NUMBER: _ClassVar[int]
    FINISH_FIELD_NUMBER: _ClassVar[int]
    title: str
    style: str
    storyteller: str
    treatment: Treatment
    scenes: _containers.RepeatedCompositeFieldContainer[Scene]
    notes: _containers.RepeatedScalarFieldContainer[str]
    look: str
    finish: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, title: _Optional[str] = ..., style: _Optional[str] = ..., storyteller: _Optional[str] = ..., treatment: _Optional[_Union[Treatment, _Mapping]] = ..., scenes: _Optional[_Iterable[_Union[Scene, _Mapping]]] = ..., notes: _Optional[_Iterable[str]] = ..., look: _Optional[str] = ..., finish: _Optional[_Iterable[str]] = ...) -> None: ...

class Treatment(_message.Message):
    __slots__ = ("theme", "protagonist", "world", "arc", "motifs", "palette")
    THEME_FIELD_NUMBER: _ClassVar[int]
    PROTAGONIST_FIELD_NUMBER: _ClassVar[int]
    WORLD_FIELD_NUMBER: _ClassVar[int]
    ARC_FIELD_NUMBER: _ClassVar[int]
    MOTIFS_FIELD_NUMBER: _ClassVar[int]
    PALETTE_FIELD_NUMBER: _ClassVar[int]
    theme: str
    protagonist: str
    world: str
    arc: str
    motifs: _containers.RepeatedScalarFieldContainer[str]
    palette: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, theme: _Optional[str] = ..., protagonist: _Optional[str] = ..., world: _Optional[str] = ..., arc: _Optional[str] = ..., motifs: _Optional[_Iterable[str]] = ..., palette: _Optional[_Iterable[str]] = ...) -> None: ...

class Scene(_message.Message):
    __slots__ = ("start", "end", "prompt", "negative_prompt", "seed", "shot", "mood", "protagonist", "transition", "camera", "locked", "lyric", "composition")
    START_FIELD_NUMBER: _ClassVar[int]
    END_FIELD_NUMBER: _ClassVar[int]
    PROMPT_FIELD_NUMBER: _ClassVar[int]
    NEGATIVE_PROMPT_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    SHOT_FIELD_NUMBER: _ClassVar[int]
    MOOD_FIELD_NUMBER: _ClassVar[int]
    PROTAGONIST_FIELD_NUMBER: _ClassVar[int]
    TRANSITION_FIELD_NUMBER: _ClassVar[int]
    CAMERA_FIELD_NUMBER: _ClassVar[int]
    LOCKED_FIELD_NUMBER: _ClassVar[int]
    LYRIC_FIELD_NUMBER: _ClassVar[int]
    COMPOSITION_FIELD_NUMBER: _ClassVar[int]
    start: float
    end: float
    prompt: str
    negative_prompt: str
    seed: int
    shot: str
    mood: str
    protagonist: bool
    transition: str
    camera: str
    locked: bool
    lyric: str
    composition: Composition
    def __init__(self, start: _Optional[float] = ..., end: _Optional[float] = ..., prompt: _Optional[str] = ..., negative_prompt: _Optional[str] = ..., seed: _Optional[int] = ..., shot: _Optional[str] = ..., mood: _Optional[str] = ..., protagonist: _Optional[bool] = ..., transition: _Optional[str] = ..., camera: _Optional[str] = ..., locked: _Optional[bool] = ..., lyric: _Optional[str] = ..., composition: _Optional[_Union[Composition, _Mapping]] = ...) -> None: ...

class Composition(_message.Message):
    __slots__ = ("place", "time", "weather", "subjects")
    PLACE_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    WEATHER_FIELD_NUMBER: _ClassVar[int]
    SUBJECTS_FIELD_NUMBER: _ClassVar[int]
    place: str
    time: str
    weather: str
    subjects: _containers.RepeatedCompositeFieldContainer[Subject]
    def __init__(self, place: _Optional[str] = ..., time: _Optional[str] = ..., weather: _Optional[str] = ..., subjects: _Optional[_Iterable[_Union[Subject, _Mapping]]] = ...) -> None: ...

class Subject(_message.Message):
    __slots__ = ("kind", "action", "x", "size", "facing", "seed", "protagonist")
    KIND_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    X_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    FACING_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    PROTAGONIST_FIELD_NUMBER: _ClassVar[int]
    kind: str
    action: str
    x: float
    size: float
    facing: str
    seed: int
    protagonist: bool
    def __init__(self, kind: _Optional[str] = ..., action: _Optional[str] = ..., x: _Optional[float] = ..., size: _Optional[float] = ..., facing: _Optional[str] = ..., seed: _Optional[int] = ..., protagonist: _Optional[bool] = ...) -> None: ...
