"""Measures on a finished video: length, sound, and where the picture cuts."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

# A cut is searched within this distance of its planned frame.
WINDOW_FRAMES = 6


@dataclass(frozen=True)
class Film:
    """Changes between small grey frames of a video, and its timing."""

    times: NDArray[np.float64]
    """(frames,) s, presentation times."""
    change: NDArray[np.float64]
    """(frames,) mean absolute difference to the frame before, 0-255; first is 0."""
    length: float
    """s, end of the last frame."""
    fps: float


def read_film(path: Path, size: int = 64) -> Film:
    """Decodes the video stream of `path` at `size` x `size` grey."""
    times: list[float] = []
    change: list[float] = []
    before: NDArray[np.int16] | None = None
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        rate = stream.average_rate
        assert rate is not None, f"{path} has no frame rate"
        for frame in container.decode(stream):
            grey = frame.to_ndarray(width=size, height=size, format="gray").astype(np.int16)
            change.append(0.0 if before is None else float(np.abs(grey - before).mean()))
            before = grey
            times.append(float(frame.time or 0.0))
    return Film(np.array(times), np.array(change), times[-1] + float(1 / rate), float(rate))


def sound_length(path: Path) -> float:
    """Length in seconds of the first audio stream, by decoding it."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        return sum(frame.samples / frame.sample_rate for frame in container.decode(stream))


def packet_hash(path: Path) -> str:
    """SHA-256 over the bytes of all audio packets, in order."""
    digest = hashlib.sha256()
    with av.open(str(path)) as container:
        for packet in container.demux(container.streams.audio[0]):
            digest.update(bytes(packet))
    return digest.hexdigest()


def cut_errors(film: Film, cuts: list[float], beats: list[float]) -> NDArray[np.float64]:
    """Distance in seconds from each seen cut to the nearest beat.

    Args:
        film: The video.
        cuts: Planned starts of the scenes that begin with a hard cut, s.
        beats: Beats of the song, s.

    Returns:
        (cuts,) s. The seen cut is the largest change of picture within
        `WINDOW_FRAMES` of the planned one.
    """
    seen: list[float] = []
    for cut in cuts:
        planned = int(np.argmin(np.abs(film.times - cut)))
        low = max(1, planned - WINDOW_FRAMES)
        high = min(len(film.change), planned + WINDOW_FRAMES + 1)
        seen.append(float(film.times[low + int(np.argmax(film.change[low:high]))]))
    grid = np.array(beats)
    return np.array([float(np.abs(grid - time).min()) for time in seen])
