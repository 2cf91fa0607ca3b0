"""A click track: a song whose beats are known."""

from __future__ import annotations

import itertools
from pathlib import Path

import av
import numpy as np
from songreel.audio.v1.analysis_pb2 import SongAnalysis
from songreel.prompt.v1.storyboard_pb2 import Scene, Storyboard

RATE = 22050
BEAT = 0.5
"""Seconds: 120 bpm."""


def write_click_track(path: Path, seconds: float) -> Path:
    """Writes it as mp3."""
    time = np.arange(round(seconds * RATE)) / RATE
    sound = 0.6 * np.exp(-(time % BEAT) * 60) * np.sin(2 * np.pi * 1500 * time)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libmp3lame", rate=RATE, layout="mono")
        frame = av.AudioFrame.from_ndarray(sound.astype(np.float32)[None], "fltp", "mono")
        frame.sample_rate, frame.pts = RATE, 0
        resampler = av.AudioResampler(
            stream.format.name, "mono", RATE, frame_size=stream.codec_context.frame_size or None
        )
        for part in [*resampler.resample(frame), *resampler.resample(None)]:
            container.mux(stream.encode(part))
        container.mux(stream.encode(None))
    return path


def analysis_of(seconds: float) -> SongAnalysis:
    """What a perfect analyser finds in it."""
    analysis = SongAnalysis(duration=seconds, tempo_bpm=60 / BEAT, metre=4, onset_rate=100.0)
    analysis.beats.extend(np.arange(0, seconds, BEAT))
    times = np.arange(int(seconds * 100)) / 100
    analysis.onset_strength.extend(np.exp(-(times % BEAT) * 20).astype(np.float32))
    analysis.sections.add(start=0, end=seconds / 2, label="A", energy=0.3)
    analysis.sections.add(start=seconds / 2, end=seconds, label="B", energy=0.9)
    return analysis


def storyboard_of(seconds: float, scene_seconds: float = 4.0) -> Storyboard:
    """Scenes of equal length, every third beginning with a dissolve."""
    bounds = [*np.arange(0, seconds - 1e-6, scene_seconds).tolist(), seconds]
    cameras = ("none", "zoom-in", "pan-left", "rotate")
    return Storyboard(
        title="clicks",
        scenes=[
            Scene(
                start=start,
                end=end,
                prompt=f"scene {place}",
                negative_prompt="ugly",
                seed=place,
                transition="dissolve" if place % 3 == 2 else "cut",
                camera=cameras[place % len(cameras)],
            )
            for place, (start, end) in enumerate(itertools.pairwise(bounds))
        ],
    )
