"""The whole analysis of a song: from a file to a `SongAnalysis`."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
from songreel.audio.v1 import analysis_pb2
from songreel_kit.errors import InvalidRequest

from songreel_audio import spectrum
from songreel_audio.decoding import decoding
from songreel_audio.emotion import emotion, extractors
from songreel_audio.emotion import features as emotion_features
from songreel_audio.lyrics import files, glides, lyrics, sources, speech_models, vocal_activity
from songreel_audio.lyrics.recognition import Recognizers
from songreel_audio.rhythm import beats, onsets, sections
from songreel_audio.spectrum import FRAME_RATE, SAMPLE_RATE, Floats

VERSION = "2026.11-3"
"""Changes whenever the same song would be heard differently."""
WAVEFORM_RATE = 50.0
_UNSURE_TEMPO = 0.25

Step = Callable[[str, float], None]
"""Told the name of the step that begins and the share of the work done; may raise to give up."""


@dataclass(frozen=True)
class Request:
    """What to hear, and how."""

    excerpt: decoding.Excerpt = field(default_factory=decoding.Excerpt)
    tempo: beats.TempoHint = field(default_factory=beats.TempoHint)
    extractor: str = ""
    asr: str = ""
    """Speech model, see `speech_models.find`; "" or "none" for none."""
    language: str = ""
    lyrics: bytes | None = None
    """An LRC, SRT or text file, None to read the song's tags."""
    file_name: str = ""
    song_sha256: str = ""
    emotion_folder: Path | None = None
    """Where the user's own emotion networks lie."""


@dataclass(frozen=True)
class Hearing:
    """A finished analysis, with the samples for drawing."""

    analysis: analysis_pb2.SongAnalysis
    samples: Floats


def check(request: Request) -> None:
    """Raises for what can be refused before the song is opened."""
    if request.tempo.octave not in ("", "half", "double"):
        raise InvalidRequest(
            f'tempo_octave is {request.tempo.octave!r}; it may be "half", "double" or empty'
        )
    if request.tempo.bpm and not 30.0 <= request.tempo.bpm <= 300.0:
        raise InvalidRequest(
            f"tempo_bpm is {request.tempo.bpm:g}; give 30 to 300 beats per minute, or 0"
        )


def hear(
    song: Path,
    request: Request | None = None,
    limits: decoding.DecodeLimits | None = None,
    step: Step = lambda name, fraction: None,
    go_on: Callable[[], None] = lambda: None,
    recognizers: Recognizers | None = None,
) -> Hearing:
    """Analyses a song file.

    Args:
        song: a local file.
        request: what to hear, the whole song by default.
        limits: what the song may cost.
        step: told where the work is.
        go_on: called often; raises to give up.
        recognizers: keeps the speech model loaded from one song to the next.

    Raises:
        InvalidRequest, UnknownExtractor, ModelMissing: the request cannot be met.
        BrokenLyrics: the lyrics file cannot be read.
        SongreelError: those of `decoding.decode`.
    """
    request = request or Request()
    check(request)
    feel = extractors.choose(request.extractor, request.emotion_folder)
    given = files.read(request.lyrics) if request.lyrics is not None else None
    recognizer = None
    if request.asr not in ("", "none") and not isinstance(given, lyrics.Lyrics):
        speech_models.find(request.asr)  # before the song is heard, should it be missing
        recognizer = partial((recognizers or Recognizers()).get, request.asr)
    step("decode", 0.0)
    recording = decoding.decode(song, request.excerpt, limits, go_on)
    step("spectrum", 0.3)
    features = None
    if extractors.uses_features(request.extractor):
        features = emotion_features.Folding(recording.samples)
    sliding = glides.Glides(recording.samples)
    folded = spectrum.fold(recording.samples, sliding, *([features] if features else []))
    step("onsets", 0.5)
    strength = onsets.detect(folded)
    step("beats", 0.6)
    rhythm = beats.track(folded, strength, request.tempo)
    step("sections", 0.75)
    parts = sections.divide(folded, rhythm.downbeats, recording.duration)
    heard_voices = vocal_activity.find(folded, sliding)
    singing = heard_voices.singing
    step("lyrics", 0.85)
    words = sources.find(
        given,
        recording,
        singing,
        whole=request.excerpt == decoding.Excerpt(),
        recognizer=recognizer,
        language=request.language,
        check=go_on,
    )
    step("emotion", 0.9)
    mood = feel(
        emotion.Heard(
            recording.samples, folded, strength, rhythm, features.sums() if features else None
        )
    )
    analysis = analysis_pb2.SongAnalysis(
        duration=recording.duration,
        sample_rate=SAMPLE_RATE,
        onset_rate=FRAME_RATE,
        onset_strength=strength.whole.round(4),
        onset_bands=analysis_pb2.OnsetBands(
            low=strength.low.round(4), mid=strength.mid.round(4), high=strength.high.round(4)
        ),
        sections=[
            analysis_pb2.Section(start=p.start, end=p.end, label=p.label, energy=p.energy)
            for p in parts
        ],
        vocals=[
            analysis_pb2.TimeSpan(start=s.start, end=min(s.end, recording.duration))
            for s in (
                singing if words.lines or heard_voices.confidence >= vocal_activity.SURE else ()
            )
        ],
        vocal_confidence=round(heard_voices.confidence, 4),
        emotion=_emotion(mood),
        warnings=[
            *recording.warnings,
            *words.warnings,
            *_tempo_warnings(rhythm),
            *mood.warnings,
        ],
        song_sha256=request.song_sha256,
        excerpt=analysis_pb2.TimeSpan(
            start=recording.start, end=recording.start + recording.duration
        ),
        waveform_rate=WAVEFORM_RATE,
        waveform_peak=waveform_peak(recording.samples),
        analyzer=f"songreel-audio {VERSION}",
    )
    _add_rhythm(analysis, rhythm, recording.duration)
    _add_words(analysis, words, recording.tags, request)
    return Hearing(analysis, recording.samples)


def _tempo_warnings(rhythm: beats.Rhythm) -> list[str]:
    if rhythm.metre == 0:
        return ["no steady beat was found; cuts will follow the onsets' best guess"]
    if rhythm.confidence < _UNSURE_TEMPO:
        return [
            f"the tempo of {rhythm.tempo_bpm:.0f} bpm is doubtful; if it is off, give "
            "tempo_bpm or tempo_octave"
        ]
    return []


def _add_rhythm(analysis: analysis_pb2.SongAnalysis, rhythm: beats.Rhythm, duration: float) -> None:
    analysis.tempo_bpm = rhythm.tempo_bpm
    analysis.tempo_confidence = rhythm.confidence
    analysis.metre = rhythm.metre
    analysis.beats.extend(_times(rhythm.beats, duration))
    analysis.downbeats.extend(_times(rhythm.downbeats, duration))
    for time, bpm in rhythm.tempo_curve:
        analysis.tempo_curve.add(time=time, bpm=bpm)


def _times(seconds: beats.Doubles, duration: float) -> list[float]:
    # A tenth of a millisecond is far below a sample of hearing and keeps documents readable.
    return [round(float(time), 4) for time in seconds if time < duration]


def _emotion(mood: emotion.Emotion) -> analysis_pb2.Emotion:
    return analysis_pb2.Emotion(
        valence=mood.valence,
        arousal=mood.arousal,
        valence_std=mood.valence_std,
        arousal_std=mood.arousal_std,
        quadrant=mood.quadrant,
        extractor=mood.extractor,
        curve=[
            analysis_pb2.EmotionPoint(time=time, valence=round(v, 4), arousal=round(a, 4))
            for time, v, a in mood.curve
        ],
    )


def _add_words(
    analysis: analysis_pb2.SongAnalysis,
    words: lyrics.Lyrics,
    tags: dict[str, str],
    request: Request,
) -> None:
    for line in words.lines:
        row = analysis.lyrics.add(
            start=round(line.start, 4), end=round(line.end, 4), text=line.text
        )
        for word in line.words:
            row.words.add(start=round(word.start, 4), end=round(word.end, 4), text=word.text)
    analysis.lyrics_source = words.source
    analysis.language = request.language or words.language
    name = Path(request.file_name).stem
    analysis.title = tags.get("title") or words.title or name
    analysis.artist = tags.get("artist") or words.artist


def waveform_peak(samples: Floats) -> list[float]:
    """Largest absolute sample in each 1 / `WAVEFORM_RATE` seconds, in [0, 1]."""
    count = int(np.ceil(len(samples) / SAMPLE_RATE * WAVEFORM_RATE))
    starts = (np.arange(count) * SAMPLE_RATE / WAVEFORM_RATE).astype(int)
    peaks = np.maximum(np.maximum.reduceat(samples, starts), -np.minimum.reduceat(samples, starts))
    return [round(float(peak), 4) for peak in np.minimum(peaks, 1.0)]
