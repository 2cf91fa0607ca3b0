"""The song as the animatic moves to it."""

from __future__ import annotations

import numpy as np
from songreel.audio.v1.analysis_pb2 import SongAnalysis
from songreel_animatic.music import BANDS, Music, Section, Word


def music_of(analysis: SongAnalysis) -> Music:
    """Beats, drum hits, sections and sung words of an analysis."""
    bands = {name: getattr(analysis.onset_bands, name) for name in BANDS}
    return Music(
        duration=analysis.duration,
        beats=tuple(analysis.beats),
        downbeats=tuple(analysis.downbeats),
        onset_rate=analysis.onset_rate,
        onsets={
            name: np.asarray(values, dtype=np.float32) for name, values in bands.items() if values
        },
        sections=tuple(
            Section(each.start, each.end, each.label, each.energy) for each in analysis.sections
        ),
        vocals=tuple((span.start, span.end) for span in analysis.vocals),
        words=tuple(
            Word(word.start, word.end, word.text) for line in analysis.lyrics for word in line.words
        ),
    )
