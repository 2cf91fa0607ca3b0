"""Where somebody sings or speaks, and how sure it is that anybody does."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_closing, binary_opening, maximum_filter1d, uniform_filter1d

from songreel_audio.lyrics import glides
from songreel_audio.lyrics.glides import GlideDetector
from songreel_audio.lyrics.lyrics import Span
from songreel_audio.spectrum import FRAME_RATE, Spectrum

VOICE_HZ = (250.0, 4_000.0)
CONFIDENT = 0.5
"""Confidence from which a song counts as one with a voice."""
_GLIDING = 0.003
"""Share of gliding frames at which a voice is as likely as not.

Measured: at most .0013 in 12 songs of POP909 played by a piano, 7 with a violin, flute, saxophone,
trumpet, guitar, synthesiser or choir for the melody (FluidR3), a jazz band and strings; .008 in a
song whose voice is tuned by machine, .036 to .065 in three other sung ones, .32 in speech.
"""
_NEAR_SECONDS = 5.0
"""A passage with no gliding tone so near on either side is played, not sung."""


@dataclass(frozen=True)
class VocalActivity:
    """What was found in a song."""

    spans: tuple[Span, ...]
    """Where the voice is likely, seconds."""
    leading: tuple[Span, ...]
    """Where anything leads in the range of voices, an instrument as well; holds `spans`."""
    confidence: float
    """In [0, 1], how sure it is that there is a voice at all."""

    @property
    def singing(self) -> tuple[Span, ...]:
        """Where words are, should there be any: a voice that was missed leads all the same."""
        return self.spans if self.confidence >= CONFIDENT else self.leading


def detect(spectrum: Spectrum, glide_detector: GlideDetector) -> VocalActivity:
    """Judges by the level of the vocal band and by gliding tones; an estimate without a model."""
    leading = _leading(spectrum)
    gliding = glide_detector.gliding
    width = 2 * round(_NEAR_SECONDS * glides.FRAME_RATE) + 1
    near = np.asarray(maximum_filter1d(gliding, width), np.bool_)
    # From the coarser frames of the glides to those of the spectrum.
    near = np.repeat(near, round(FRAME_RATE / glides.FRAME_RATE))[: len(leading)]
    audible = spectrum.loudness > 0.05 * np.percentile(spectrum.loudness, 95)
    audible = audible[:: round(FRAME_RATE / glides.FRAME_RATE)]
    share = float(gliding[audible].mean()) if audible.any() else 0.0
    # A logistic curve over the logarithm of the share.
    confidence = share**2 / (share**2 + _GLIDING**2)
    return VocalActivity(_spans(leading & near), _spans(leading), confidence)


def _leading(spectrum: Spectrum) -> NDArray[np.bool_]:
    """(frames,) whether the vocal band is prominent."""
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
    return np.asarray(binary_opening(closed, np.ones(round(0.4 * FRAME_RATE))), np.bool_)


def _spans(active: NDArray[np.bool_]) -> tuple[Span, ...]:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], active.astype(np.int8), [0]])))
    return tuple(
        Span(float(first / FRAME_RATE), float(last / FRAME_RATE))
        for first, last in edges.reshape(-1, 2)
    )
