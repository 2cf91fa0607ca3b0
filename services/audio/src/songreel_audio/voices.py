"""Where somebody sings or speaks, judged by the level and movement of the vocal band."""

import numpy as np
from scipy.ndimage import binary_closing, binary_opening, maximum_filter1d, uniform_filter1d

from songreel_audio.lyrics import Span
from songreel_audio.spectrum import FRAME_RATE, Spectrum

VOICE_HZ = (250.0, 4_000.0)


def find(spectrum: Spectrum) -> tuple[Span, ...]:
    """Spans in which the vocal band is prominent; without a model this is an estimate."""
    hertz = spectrum.mel_hertz
    inside = (hertz >= VOICE_HZ[0]) & (hertz <= VOICE_HZ[1])
    band = spectrum.mel[:, inside].sum(axis=1) + 1e-9
    rest = spectrum.mel[:, ~inside].sum(axis=1) + 1e-9
    level = uniform_filter1d(10 * np.log10(band), round(0.5 * FRAME_RATE))
    share = uniform_filter1d(10 * np.log10(band / rest), round(0.5 * FRAME_RATE))
    loud = level > np.percentile(level, 95) - 22.0
    score = 0.5 * (level - np.median(level)) + 0.5 * (share - np.median(share))
    active = loud & (maximum_filter1d(score, round(1.0 * FRAME_RATE)) > -1.0)
    closed = binary_closing(active, np.ones(round(0.6 * FRAME_RATE)))
    steady = binary_opening(closed, np.ones(round(0.4 * FRAME_RATE)))
    edges = np.flatnonzero(np.diff(np.concatenate([[0], steady.astype(np.int8), [0]])))
    return tuple(
        Span(float(first / FRAME_RATE), float(last / FRAME_RATE))
        for first, last in edges.reshape(-1, 2)
    )
