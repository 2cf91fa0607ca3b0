"""Click tracks as songs, and their analyses."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
from songreel.audio.v1.analysis_pb2 import SongAnalysis

RATE = 44100
BEAT = 0.5


def click_track(seconds: float, rate: int = RATE) -> np.ndarray:
    """(samples,) float32: a tone with a sharp click on every beat."""
    time = np.arange(round(seconds * rate)) / rate
    click = np.exp(-(time % BEAT) * 60) * np.sin(2 * np.pi * 1500 * time)
    return (0.6 * click + 0.05 * np.sin(2 * np.pi * 220 * time)).astype(np.float32)


def write_song(path: Path, seconds: float, codec: str = "libmp3lame", rate: int = RATE) -> Path:
    """The clicks in a file; its ending names the container."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, layout="mono")
        frame = av.AudioFrame.from_ndarray(click_track(seconds, rate)[None], "fltp", "mono")
        frame.sample_rate, frame.pts = rate, 0
        resampler = av.AudioResampler(
            stream.format.name, "mono", rate, frame_size=stream.codec_context.frame_size or None
        )
        for part in [*resampler.resample(frame), *resampler.resample(None)]:
            container.mux(stream.encode(part))
        container.mux(stream.encode(None))
    return path


def analysis_of(duration: float, start: float = 0.0) -> SongAnalysis:
    """What an analyser finds in the clicks."""
    analysis = SongAnalysis(duration=duration, sample_rate=22050, tempo_bpm=60 / BEAT, metre=4)
    beats = np.arange(0, duration, BEAT)
    analysis.beats.extend(beats)
    analysis.downbeats.extend(beats[::4])
    analysis.onset_rate = 100.0
    times = np.arange(int(duration * 100)) / 100
    analysis.onset_strength.extend(np.exp(-(times % BEAT) * 20).astype(np.float32))
    half = duration / 2
    analysis.sections.add(start=0, end=half, label="A", energy=0.2)
    analysis.sections.add(start=half, end=duration, label="B", energy=1.0)
    analysis.excerpt.start, analysis.excerpt.end = start, start + duration
    analysis.waveform_rate = 100.0
    analysis.waveform_peak.extend(np.exp(-(times % BEAT) * 20).astype(np.float32))
    return analysis
