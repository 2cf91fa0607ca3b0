from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class SongAnalysis(_message.Message):
    __slots__ = ("duration", "sample_rate", "tempo_bpm", "tempo_confidence", "metre", "beats", "downbeats", "onset_rate", "onset_strength", "onset_bands", "sections", "vocals", "lyrics", "lyrics_source", "language", "emotion", "warnings", "title", "artist", "song_sha256", "excerpt", "waveform_rate", "waveform_peak", "tempo_curve", "analyzer", "vocal_confidence")
    DURATION_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_RATE_FIELD_NUMBER: _ClassVar[int]
    TEMPO_BPM_FIELD_NUMBER: _ClassVar[int]
    TEMPO_CONFIDENCE_FIELD_NUMBER: _ClassVar[int]
    METRE_FIELD_NUMBER: _ClassVar[int]
    BEATS_FIELD_NUMBER: _ClassVar[int]
    DOWNBEATS_FIELD_NUMBER: _ClassVar[int]
    ONSET_RATE_FIELD_NUMBER: _ClassVar[int]
    ONSET_STRENGTH_FIELD_NUMBER: _ClassVar[int]
    ONSET_BANDS_FIELD_NUMBER: _ClassVar[int]
    SECTIONS_FIELD_NUMBER: _ClassVar[int]
    VOCALS_FIELD_NUMBER: _ClassVar[int]
    LYRICS_FIELD_NUMBER: _ClassVar[int]
    LYRICS_SOURCE_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    EMOTION_FIELD_NUMBER: _ClassVar[int]
    WARNINGS_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    ARTIST_FIELD_NUMBER: _ClassVar[int]
    SONG_SHA256_FIELD_NUMBER: _ClassVar[int]
    EXCERPT_FIELD_NUMBER: _ClassVar[int]
    WAVEFORM_RATE_FIELD_NUMBER: _ClassVar[int]
    WAVEFORM_PEAK_FIELD_NUMBER: _ClassVar[int]
    TEMPO_CURVE_FIELD_NUMBER: _ClassVar[int]
    ANALYZER_FIELD_NUMBER: _ClassVar[int]
    VOCAL_CONFIDENCE_FIELD_NUMBER: _ClassVar[int]
    duration: float
    sample_rate: int
    tempo_bpm: float
    tempo_confidence: float
    metre: int
    beats: _containers.RepeatedScalarFieldContainer[float]
    downbeats: _containers.RepeatedScalarFieldContainer[float]
    onset_rate: float
    onset_strength: _containers.RepeatedScalarFieldContainer[float]
    onset_bands: OnsetBands
    sections: _containers.RepeatedCompositeFieldContainer[Section]
    vocals: _containers.RepeatedCompositeFieldContainer[TimeSpan]
    lyrics: _containers.RepeatedCompositeFieldContainer[LyricLine]
    lyrics_source: str
    language: str
    emotion: Emotion
    warnings: _containers.RepeatedScalarFieldContainer[str]
    title: str
    artist: str
    song_sha256: str
    excerpt: TimeSpan
    waveform_rate: float
    waveform_peak: _containers.RepeatedScalarFieldContainer[float]
    tempo_curve: _containers.RepeatedCompositeFieldContainer[TempoPoint]
    analyzer: str
    vocal_confidence: float
    def __init__(self, duration: _Optional[float] = ..., sample_rate: _Optional[int] = ..., tempo_bpm: _Optional[float] = ..., tempo_confidence: _Optional[float] = ..., metre: _Optional[int] = ..., beats: _Optional[_Iterable[float]] = ..., downbeats: _Optional[_Iterable[float]] = ..., onset_rate: _Optional[float] = ..., onset_strength: _Optional[_Iterable[float]] = ..., onset_bands: _Optional[_Union[OnsetBands, _Mapping]] = ..., sections: _Optional[_Iterable[_Union[Section, _Mapping]]] = ..., vocals: _Optional[_Iterable[_Union[TimeSpan, _Mapping]]] = ..., lyrics: _Optional[_Iterable[_Union[LyricLine, _Mapping]]] = ..., lyrics_source: _Optional[str] = ..., language: _Optional[str] = ..., emotion: _Optional[_Union[Emotion, _Mapping]] = ..., warnings: _Optional[_Iterable[str]] = ..., title: _Optional[str] = ..., artist: _Optional[str] = ..., song_sha256: _Optional[str] = ..., excerpt: _Optional[_Union[TimeSpan, _Mapping]] = ..., waveform_rate: _Optional[float] = ..., waveform_peak: _Optional[_Iterable[float]] = ..., tempo_curve: _Optional[_Iterable[_Union[TempoPoint, _Mapping]]] = ..., analyzer: _Optional[str] = ..., vocal_confidence: _Optional[float] = ...) -> None: ...

class TimeSpan(_message.Message):
    __slots__ = ("start", "end")
    START_FIELD_NUMBER: _ClassVar[int]
    END_FIELD_NUMBER: _ClassVar[int]
    start: float
    end: float
    def __init__(self, start: _Optional[float] = ..., end: _Optional[float] = ...) -> None: ...

class OnsetBands(_message.Message):
    __slots__ = ("low", "mid", "high")
    LOW_FIELD_NUMBER: _ClassVar[int]
    MID_FIELD_NUMBER: _ClassVar[int]
    HIGH_FIELD_NUMBER: _ClassVar[int]
    low: _containers.RepeatedScalarFieldContainer[float]
    mid: _containers.RepeatedScalarFieldContainer[float]
    high: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, low: _Optional[_Iterable[float]] = ..., mid: _Optional[_Iterable[float]] = ..., high: _Optional[_Iterable[float]] = ...) -> None: ...

class Section(_message.Message):
    __slots__ = ("start", "end", "label", "energy")
    START_FIELD_NUMBER: _ClassVar[int]
    END_FIELD_NUMBER: _ClassVar[int]
    LABEL_FIELD_NUMBER: _ClassVar[int]
    ENERGY_FIELD_NUMBER: _ClassVar[int]
    start: float
    end: float
    label: str
    energy: float
    def __init__(self, start: _Optional[float] = ..., end: _Optional[float] = ..., label: _Optional[str] = ..., energy: _Optional[float] = ...) -> None: ...

class LyricLine(_message.Message):
    __slots__ = ("start", "end", "text", "words")
    START_FIELD_NUMBER: _ClassVar[int]
    END_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    WORDS_FIELD_NUMBER: _ClassVar[int]
    start: float
    end: float
    text: str
    words: _containers.RepeatedCompositeFieldContainer[LyricWord]
    def __init__(self, start: _Optional[float] = ..., end: _Optional[float] = ..., text: _Optional[str] = ..., words: _Optional[_Iterable[_Union[LyricWord, _Mapping]]] = ...) -> None: ...

class LyricWord(_message.Message):
    __slots__ = ("start", "end", "text")
    START_FIELD_NUMBER: _ClassVar[int]
    END_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    start: float
    end: float
    text: str
    def __init__(self, start: _Optional[float] = ..., end: _Optional[float] = ..., text: _Optional[str] = ...) -> None: ...

class Emotion(_message.Message):
    __slots__ = ("valence", "arousal", "valence_std", "arousal_std", "quadrant", "curve", "extractor")
    VALENCE_FIELD_NUMBER: _ClassVar[int]
    AROUSAL_FIELD_NUMBER: _ClassVar[int]
    VALENCE_STD_FIELD_NUMBER: _ClassVar[int]
    AROUSAL_STD_FIELD_NUMBER: _ClassVar[int]
    QUADRANT_FIELD_NUMBER: _ClassVar[int]
    CURVE_FIELD_NUMBER: _ClassVar[int]
    EXTRACTOR_FIELD_NUMBER: _ClassVar[int]
    valence: float
    arousal: float
    valence_std: float
    arousal_std: float
    quadrant: str
    curve: _containers.RepeatedCompositeFieldContainer[EmotionPoint]
    extractor: str
    def __init__(self, valence: _Optional[float] = ..., arousal: _Optional[float] = ..., valence_std: _Optional[float] = ..., arousal_std: _Optional[float] = ..., quadrant: _Optional[str] = ..., curve: _Optional[_Iterable[_Union[EmotionPoint, _Mapping]]] = ..., extractor: _Optional[str] = ...) -> None: ...

class EmotionPoint(_message.Message):
    __slots__ = ("time", "valence", "arousal")
    TIME_FIELD_NUMBER: _ClassVar[int]
    VALENCE_FIELD_NUMBER: _ClassVar[int]
    AROUSAL_FIELD_NUMBER: _ClassVar[int]
    time: float
    valence: float
    arousal: float
    def __init__(self, time: _Optional[float] = ..., valence: _Optional[float] = ..., arousal: _Optional[float] = ...) -> None: ...

class TempoPoint(_message.Message):
    __slots__ = ("time", "bpm")
    TIME_FIELD_NUMBER: _ClassVar[int]
    BPM_FIELD_NUMBER: _ClassVar[int]
    time: float
    bpm: float
    def __init__(self, time: _Optional[float] = ..., bpm: _Optional[float] = ...) -> None: ...
