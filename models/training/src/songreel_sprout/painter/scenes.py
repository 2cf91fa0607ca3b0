"""The painted training set on disk: pictures, their labels and their knobs."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from songreel_sprout.captions.labels import KNOB_COUNT, Knobs, random_indices
from songreel_sprout.painter.painter import COVER, SIZE, paint_many

COLOURS: Final = frozenset(
    (
        *("skin", "hair_hue", "cloth_hue", "cloth_val", "eye_hue", "beard"),
        *("sky_hue", "ground_hue", "warmth", "contrast", "light", "windows", "accent"),
    )
)
"""Knobs that leave every shape where it is."""

FACES: Final = frozenset(("hair_len", "face_width", "expression"))
"""Knobs that move no more than a face's own lines."""

FEATURES: Final = 0.4
"""Share of its range that a knob of a face takes."""

SWAY: Final = 0.12
"""Share of its range that any other knob takes.

A denoiser this small, trained this briefly, draws the mean of all pictures that fit a caption:
where a subject may stand anywhere, that is fog. Around one composition it is a drawing.
"""


TINT: Final = 0.5
"""Share of its range that a colour takes: over a whole circle of hues the mean is grey."""


def draw_knobs(rng: np.random.Generator, count: int) -> NDArray[np.float32]:
    """Knobs ``(count, knobs)`` of training pictures: colours and faces vary, shapes only sway."""
    share = np.full(KNOB_COUNT, SWAY)
    for some, width in ((COLOURS, TINT), (FACES, FEATURES)):
        share[[Knobs._fields.index(name) for name in some]] = width
    u = rng.random((count, KNOB_COUNT), dtype=np.float32)
    return (0.5 + share * (u - 0.5)).astype(np.float32)


HELD_OUT: Final = 1000
"""Scenes at the end of a set that no training sees, unless it is told otherwise."""


@dataclass(frozen=True)
class Scenes:
    """A painted set."""

    pictures: NDArray[np.uint8]
    """``(n, 256, 256, 3)``, memory-mapped."""
    labels: NDArray[np.uint8]
    """``(n, 7)`` class numbers in the order of ``labels.FIELDS``."""
    knobs: NDArray[np.float32]
    """``(n, knobs)`` in [0, 1)."""
    covers: NDArray[np.uint8]
    """``(n, 32, 32)``: how much of each 8 x 8 pixels the subject covers, 0..255."""


def open_scenes(folder: Path) -> Scenes:
    """The set painted into ``folder``.

    Raises:
        FileNotFoundError: when it was never painted or painting was cut short.
    """
    if not (folder / "complete").exists():
        raise FileNotFoundError(f"no complete set of scenes in {folder}; run `paint` first")
    return Scenes(
        np.load(folder / "pictures.npy", mmap_mode="r"),
        np.load(folder / "labels.npy"),
        np.load(folder / "knobs.npy"),
        np.load(folder / "covers.npy"),
    )


def paint_scenes(folder: Path, count: int, seed: int, workers: int | None = None) -> Scenes:
    """Paint ``count`` scenes into ``folder`` (about 17 ms of CPU each) unless it holds a set."""
    if (folder / "complete").exists():
        return open_scenes(folder)
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    labels = random_indices(rng, count)
    knobs = draw_knobs(rng, count)
    np.save(folder / "labels.npy", labels)
    np.save(folder / "knobs.npy", knobs)
    pictures = np.lib.format.open_memmap(
        folder / "pictures.npy", mode="w+", dtype=np.uint8, shape=(count, SIZE, SIZE, 3)
    )
    covers = np.empty((count, COVER, COVER), dtype=np.uint8)
    done = 0
    for block, cover in paint_many(labels, knobs, workers or len(os.sched_getaffinity(0))):
        part = slice(done, done + len(block))
        pictures[part], covers[part] = block, cover
        done += len(block)
    pictures.flush()
    np.save(folder / "covers.npy", covers)
    (folder / "complete").write_text(f"{count} scenes, seed {seed}\n", encoding="utf-8")
    return open_scenes(folder)
