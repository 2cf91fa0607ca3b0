"""Click tracks: music whose beats are known."""

from __future__ import annotations

import numpy as np
from songreel_animatic import Music, Section


def clicks(bpm: float = 100.0, seconds: float = 6.0, energy: float = 0.9) -> Music:
    """A kick on every beat from 0.25 s on, four to the bar."""
    beats = np.arange(0.25, seconds, 60.0 / bpm)
    bands = {name: np.zeros(round(seconds * 100), np.float32) for name in ("low", "mid", "high")}
    bands["low"][np.minimum((beats * 100).astype(int), len(bands["low"]) - 1)] = 1.0
    return Music(
        seconds,
        beats=tuple(beats),
        downbeats=tuple(beats[::4]),
        onset_rate=100.0,
        onsets=bands,
        sections=(Section(0.0, seconds, "A", energy),),
    )
