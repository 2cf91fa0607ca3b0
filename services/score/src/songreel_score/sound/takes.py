"""Sound on its way: a raw file that is written once and read in parts.

A film of 20 minutes is 460 MB of samples; on disk, memory stays flat however long it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]

RATE: Final = 48_000
"""Hz; what video files carry."""
CHANNELS: Final = 2
BLOCK: Final = 10 * RATE
_BYTES: Final = 4 * CHANNELS


@dataclass(frozen=True)
class Take:
    """`samples` frames of stereo float32 in a file."""

    path: Path
    samples: int

    def read(self, start: int, stop: int) -> Samples:
        """Frames (stop - start, 2); silence outside the take."""
        inside = (max(0, min(start, self.samples)), max(0, min(stop, self.samples)))
        with self.path.open("rb") as file:
            file.seek(inside[0] * _BYTES)
            data = np.fromfile(file, np.float32, (inside[1] - inside[0]) * CHANNELS)
        block = data.reshape(-1, CHANNELS)
        before = max(0, min(-start, stop - start))
        after = stop - start - before - len(block)
        return np.pad(block, ((before, after), (0, 0))) if before or after else block

    def blocks(self, margin: int = 0) -> Iterator[tuple[int, int, Samples]]:
        """Start, stop and frames of (start - margin, stop + margin), block by block."""
        for start in range(0, self.samples, BLOCK):
            stop = min(start + BLOCK, self.samples)
            yield start, stop, self.read(start - margin, stop + margin)


def write_take(path: Path, blocks: Iterable[Samples], samples: int) -> Take:
    """Writes blocks (n, 2) into a take of exactly `samples` frames: cut, or filled with silence."""
    written = 0
    with path.open("wb") as file:
        for block in blocks:
            part = block[: samples - written]
            np.ascontiguousarray(part, np.float32).tofile(file)
            written += len(part)
            if written >= samples:
                break
        while written < samples:
            count = min(BLOCK, samples - written)
            np.zeros((count, CHANNELS), np.float32).tofile(file)
            written += count
    return Take(path, samples)
