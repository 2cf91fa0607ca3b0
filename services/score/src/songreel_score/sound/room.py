"""A room around the sound, and the style's veil over it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np
from scipy.signal import butter, fftconvolve, sosfilt

from songreel_score.sound.takes import RATE, Samples
from songreel_score.styles import Style

_PRE_DELAY: Final = 0.018
_LOW_CUT, _HIGH_CUT = 180.0, 5500.0
_RUMBLE: Final = 28.0
# Level of the room against the sound at share 1: at .3 it lies about 10 dB below.
_FULL: Final = 0.9


def impulse_response(seconds: float) -> np.ndarray:
    """A hall's answer to an impulse, (n, 2) of energy 1 a channel: dense decaying noise.

    Moorer (1979): late reverberation is noise under an exponential; high frequencies fall
    sooner. The noise is always the same.
    """
    count = round(seconds * RATE)
    noise = np.random.default_rng(0).normal(size=(count, 2))
    time = np.arange(count)[:, None] / RATE
    slow = noise * np.exp(-6.91 * time / seconds)
    fast = noise * np.exp(-6.91 * time / (0.35 * seconds))
    bright = butter(2, 2500.0, "highpass", fs=RATE, output="sos")
    dark = butter(2, 2500.0, "lowpass", fs=RATE, output="sos")
    response = sosfilt(dark, slow, axis=0) + sosfilt(bright, fast, axis=0)
    band = butter(2, (_LOW_CUT, _HIGH_CUT), "bandpass", fs=RATE, output="sos")
    response = sosfilt(band, response, axis=0)
    # It grows for a few milliseconds before it falls.
    response *= 1.0 - np.exp(-time / 0.008)
    response /= np.sqrt((response**2).sum(0))
    return np.pad(response, ((round(_PRE_DELAY * RATE), 0), (0, 0)))


def in_room(blocks: Iterable[Samples], style: Style) -> Iterator[Samples]:
    """Adds the style's room to sound (n, 2), block by block; linear, so stems add up."""
    response = impulse_response(style.reverb_seconds) * (_FULL * style.reverb)
    tail = np.zeros((0, 2))
    veil = butter(2, style.low_pass, "lowpass", fs=RATE, output="sos") if style.low_pass else None
    state = np.zeros((1, 2, 2))
    # Samples of soundfonts carry an offset that only eats headroom.
    rumble = butter(2, _RUMBLE, "highpass", fs=RATE, output="sos")
    low_state = np.zeros((1, 2, 2))
    for block in blocks:
        wet = fftconvolve(block.astype(np.float64), response, axes=0)
        if len(tail):
            shared = min(len(tail), len(wet))
            wet[:shared] += tail[:shared]
        mixed = block + wet[: len(block)]
        tail = wet[len(block) :]
        mixed, low_state = sosfilt(rumble, mixed, axis=0, zi=low_state)
        if veil is not None:
            mixed, state = sosfilt(veil, mixed, axis=0, zi=state)
        yield mixed.astype(np.float32)
