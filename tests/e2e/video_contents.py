"""What a finished video holds, read back with PyAV."""

import hashlib
from pathlib import Path

import av
import numpy as np


def frames_of(path: Path) -> np.ndarray:
    """(frames, height, width, 3) uint8."""
    with av.open(str(path)) as container:
        return np.stack([f.to_ndarray(format="rgb24") for f in container.decode(video=0)])


def frames_hash(path: Path) -> str:
    return hashlib.sha256(frames_of(path).tobytes()).hexdigest()


def sound_packets(path: Path) -> list[bytes]:
    with av.open(str(path)) as container:
        return [bytes(p) for p in container.demux(container.streams.audio[0]) if p.size]


def sound_length(path: Path) -> float:
    """Seconds of decoded sound."""
    with av.open(str(path)) as container:
        return sum(f.samples / f.sample_rate for f in container.decode(audio=0))
