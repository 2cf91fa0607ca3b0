"""One short-time spectrum for every stage: mel bands, chroma and loudness on one grid.

The spectrum itself is never kept: it is folded block by block, so that a long song needs
little memory, and what needs more of it than `Spectrum` holds consumes the blocks as they
pass. Frame k is centred on k / `FRAME_RATE` seconds.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 22_050
"""Hz. Every feature depends on it, so it is no setting."""
HOP = 256
FRAME_RATE = SAMPLE_RATE / HOP
"""Frames per second (86.13)."""
WINDOW = 2048
MEL_BANDS = 64
_LOWEST_HZ = 30.0
_HIGHEST_HZ = 10_500.0
_BLOCK = 1024
"""Frames folded at a time: 1,024 windows and their spectra are 20 MB."""

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Block:
    """Some consecutive frames of the short-time spectrum."""

    first: int
    """Number of the first frame; even."""
    sound: Floats
    """(n, 2048) the samples of each frame, not weighted."""
    windows: Floats
    """(n, 2048) the same weighted by a Hann window."""
    amplitude: Floats
    """(n, 1025) magnitudes of the transform of `windows`."""


class BlockConsumer(Protocol):
    """Consumes the blocks of a song in order."""

    def consume(self, block: Block) -> None:
        """Takes what it needs of `block`, which is gone afterwards."""
        ...


@dataclass(frozen=True)
class Spectrum:
    """What is kept of the short-time spectrum of `samples`."""

    mel: Floats
    """(frames, 64) power in mel bands, as is."""
    mel_hertz: Floats
    """(64,) centres of the bands in Hz."""
    chroma: Floats
    """(frames, 12) amplitude by pitch class from C, 110 Hz to 2.1 kHz."""
    bass_chroma: Floats
    """(frames, 12) the same from 40 to 260 Hz."""
    centroid: Floats
    """(frames,) spectral centroid in Hz; 0 where there is no sound."""
    loudness: Floats
    """(frames,) root mean square of the samples."""

    @property
    def frames(self) -> int:
        """Number of frames."""
        return len(self.loudness)


def _mel(hertz: NDArray[np.float64]) -> NDArray[np.float64]:
    return 2595.0 * np.log10(1.0 + hertz / 700.0)


def mel_filters() -> tuple[Floats, Floats]:
    """Triangles (bins, 64) of equal peak, and their centres in Hz (64,)."""
    bins = np.fft.rfftfreq(WINDOW, 1 / SAMPLE_RATE)
    ends = _mel(np.array([_LOWEST_HZ, _HIGHEST_HZ]))
    edges = 700.0 * (10.0 ** (np.linspace(ends[0], ends[1], MEL_BANDS + 2) / 2595.0) - 1.0)
    rise = (bins[:, None] - edges[None, :-2]) / (edges[1:-1] - edges[:-2])
    fall = (edges[None, 2:] - bins[:, None]) / (edges[2:] - edges[1:-1])
    weights = np.clip(np.minimum(rise, fall), 0.0, None)
    return weights.astype(np.float32), edges[1:-1].astype(np.float32)


def chroma_filters(low: float, high: float) -> Floats:
    """(bins, 12) share of each bin in each pitch class, between `low` and `high` Hz."""
    bins = np.fft.rfftfreq(WINDOW, 1 / SAMPLE_RATE)
    weights = np.zeros((len(bins), 12), np.float32)
    inside = (bins >= low) & (bins <= high)
    pitch = 69.0 + 12.0 * np.log2(bins[inside] / 440.0)
    distance = np.abs((pitch[:, None] - np.arange(12)[None, :] + 6.0) % 12.0 - 6.0)
    weights[inside] = np.exp(-0.5 * (distance / 0.6) ** 2)
    return weights


def count(samples: Floats) -> int:
    """Frames of `samples` (n,): n // 256 + 1."""
    return len(samples) // HOP + 1


def blocks(samples: Floats, every: int = 1) -> Iterator[Block]:
    """The spectrum of `samples` (n,) at 22.05 kHz, each or each so-manieth frame of it."""
    window = np.hanning(WINDOW + 1)[:-1].astype(np.float32)
    hop = HOP * every
    frames = len(samples) // hop + 1
    for first in range(0, frames, _BLOCK):
        last = min(first + _BLOCK, frames)
        start, end = first * hop - WINDOW // 2, (last - 1) * hop + WINDOW // 2
        part = samples[max(start, 0) : min(end, len(samples))]
        part = np.pad(part, (max(-start, 0), max(end - len(samples), 0)))
        sound = np.lib.stride_tricks.sliding_window_view(part, WINDOW)[::hop]
        windows = sound * window
        amplitude = np.abs(np.fft.rfft(windows, axis=1)).astype(np.float32, copy=False)
        yield Block(first * every, sound, windows, amplitude)


def compute(samples: Floats, *consumers: BlockConsumer) -> Spectrum:
    """Folds `samples` (n,) at 22.05 kHz into a `Spectrum` of n // 256 + 1 frames.

    Each block goes to the `consumers` too, so that the transform is made once for all.
    """
    frames = count(samples)
    mel_weights, mel_hertz = mel_filters()
    chroma_weights = chroma_filters(110.0, 2_100.0)
    bass_weights = chroma_filters(40.0, 260.0)
    bins = np.fft.rfftfreq(WINDOW, 1 / SAMPLE_RATE).astype(np.float32)
    mel = np.empty((frames, MEL_BANDS), np.float32)
    chroma = np.empty((frames, 12), np.float32)
    bass = np.empty((frames, 12), np.float32)
    centroid = np.empty(frames, np.float32)
    loudness = np.empty(frames, np.float32)
    for block in blocks(samples):
        amplitude = block.amplitude
        rows = slice(block.first, block.first + len(amplitude))
        mel[rows] = (amplitude**2) @ mel_weights
        chroma[rows] = amplitude @ chroma_weights
        bass[rows] = amplitude @ bass_weights
        total = amplitude.sum(axis=1)
        centroid[rows] = np.where(total > 1e-4, (amplitude @ bins) / (total + 1e-9), 0.0)
        loudness[rows] = np.sqrt(np.mean(block.windows**2, axis=1) / 0.375)
        for consumer in consumers:
            consumer.consume(block)
    return Spectrum(mel, mel_hertz, chroma, bass, centroid, loudness)
