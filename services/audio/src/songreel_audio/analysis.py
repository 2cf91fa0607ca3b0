"""The whole analysis of a song: from a file to a `SongAnalysis`."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
from songreel.audio.v1 import analysis_pb2
from songreel_kit.bounds.analysis import faults_of
from songreel_kit.errors import all_faults

from songreel_audio import spectrum
from songreel_audio.decoding import decoding
from songreel_audio.emotion import emotion, extractors, loudness
from songreel_audio.emotion import features as emotion_features
from songreel_audio.lyrics import files, glides, lyrics, sources, speech_models, vocal_activity
from songreel_audio.lyrics.recognition import Recognizers
from songreel_audio.rhythm import beats, onsets, sections
from songreel_audio.spectrum import FRAME_RATE, SAMPLE_RATE, Floats

VERSION = "2026.11-3"
"""Changes whenever the same song would be analysed differently."""
WAVEFORM_RATE = 50.0
_UNSURE_TEMPO = 0.25

Report = Callable[[str, float], None]
"""Takes the name of the step that begins and the share of the work done; may raise to give up."""


@dataclass(frozen=True)
class AnalysisRequest:
    """What to analyse, and how."""

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


def check_request(request: AnalysisRequest) -> None:
    """Raises for what can be refused before the song is opened."""
    faults = faults_of(
        tempo_octave=request.tempo.octave,
        tempo_bpm=request.tempo.bpm,
        start=request.excerpt.start,
        seconds=request.excerpt.seconds,
    )
    if faults:
        raise all_faults(faults)


def analyze(
    song: Path,
    request: AnalysisRequest | None = None,
    limits: decoding.DecodeLimits | None = None,
    report: Report = lambda name, fraction: None,
    check: Callable[[], None] = lambda: None,
    recognizers: Recognizers | None = None,
) -> analysis_pb2.SongAnalysis:
    """Analyses a song file.

    Args:
        song: a local file.
        request: what to analyse; the whole song by default.
        limits: what the song may cost.
        report: takes the step that begins and the share done.
        check: called often; raises to give up.
        recognizers: keeps the speech model loaded from one song to the next.

    Raises:
        InvalidRequest, UnknownExtractor, ModelMissing: the request cannot be met.
        BrokenLyrics: the lyrics file cannot be read.
        SongreelError: those of `decoding.decode`.
    """
    request = request or AnalysisRequest()
    check_request(request)
    extract_emotion = extractors.choose(request.extractor, request.emotion_folder)
    given = files.read(request.lyrics) if request.lyrics is not None else None
    recognizer = None
    if request.asr not in ("", "none") and not isinstance(given, lyrics.Lyrics):
        speech_models.find(request.asr)  # before the work, should it be missing
        recognizer = partial((recognizers or Recognizers()).get, request.asr)
    report("decode", 0.0)
    recording = decoding.decode(song, request.excerpt, limits, check)
    report("spectrum", 0.3)
    gain = loudness.gain(recording.samples)
    features = None
    if extractors.uses_features(request.extractor):
        features = emotion_features.FeatureCollector(recording.samples, gain)
    glide_detector = glides.GlideDetector(recording.samples)
    spectrogram = spectrum.compute(
        recording.samples, glide_detector, *([features] if features else [])
    )
    report("onsets", 0.5)
    onset_strength = onsets.detect(spectrogram)
    report("beats", 0.6)
    rhythm = beats.track(spectrogram, onset_strength, request.tempo)
    report("sections", 0.75)
    parts = sections.divide(spectrogram, rhythm.downbeats, recording.duration)
    voices = vocal_activity.detect(spectrogram, glide_detector)
    singing = voices.singing
    report("lyrics", 0.85)
    words = sources.choose(
        given,
        recording,
        singing,
        whole=request.excerpt == decoding.Excerpt(),
        recognizer=recognizer,
        language=request.language,
        check=check,
    )
    report("emotion", 0.9)
    song_emotion = extract_emotion(
        emotion.ExtractorInput(
            recording.samples,
            spectrogram,
            onset_strength,
            rhythm,
            gain,
            features.sums() if features else None,
        )
    )
    analysis = analysis_pb2.SongAnalysis(
        duration=recording.duration,
        sample_rate=SAMPLE_RATE,
        onset_rate=FRAME_RATE,
        onset_strength=onset_strength.whole.round(4),
        onset_bands=analysis_pb2.OnsetBands(
            low=onset_strength.low.round(4),
            mid=onset_strength.mid.round(4),
            high=onset_strength.high.round(4),
        ),
        sections=[
            analysis_pb2.Section(start=p.start, end=p.end, label=p.label, energy=p.energy)
            for p in parts
        ],
        vocals=[
            analysis_pb2.TimeSpan(start=s.start, end=min(s.end, recording.duration))
            for s in (
                singing if words.lines or voices.confidence >= vocal_activity.CONFIDENT else ()
            )
        ],
        vocal_confidence=round(voices.confidence, 4),
        emotion=_emotion(song_emotion),
        warnings=[
            *recording.warnings,
            *words.warnings,
            *_tempo_warnings(rhythm),
            *song_emotion.warnings,
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
    return analysis


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
    # A tenth of a millisecond is inaudible, and keeps documents readable.
    return [round(float(time), 4) for time in seconds if time < duration]


def _emotion(song_emotion: emotion.Emotion) -> analysis_pb2.Emotion:
    return analysis_pb2.Emotion(
        valence=song_emotion.valence,
        arousal=song_emotion.arousal,
        valence_std=song_emotion.valence_std,
        arousal_std=song_emotion.arousal_std,
        quadrant=song_emotion.quadrant,
        extractor=song_emotion.extractor,
        curve=[
            analysis_pb2.EmotionPoint(time=time, valence=round(v, 4), arousal=round(a, 4))
            for time, v, a in song_emotion.curve
        ],
    )


def _add_words(
    analysis: analysis_pb2.SongAnalysis,
    words: lyrics.Lyrics,
    tags: dict[str, str],
    request: AnalysisRequest,
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
