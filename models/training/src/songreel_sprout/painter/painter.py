"""Paint one captioned scene: a pure function of seven labels and the continuous knobs.

Nothing here draws a random number. Where a scene needs scattered things (stars, drops, pines),
their places come from fixed tables, so that two pictures with near knobs are near pictures: the
property that lets the diffusion model learn a picture as a regression on its noise
(see ``coupling``), and lets a renderer move the sun by moving the noise.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops

from songreel_sprout.captions.labels import Knobs, Labels
from songreel_sprout.painter.canvas import SIZE, Canvas
from songreel_sprout.painter.overhead import look_down
from songreel_sprout.painter.places.above import ABOVE
from songreel_sprout.painter.places.places import PLACES, soften
from songreel_sprout.painter.places.sky import fall, grade, light_of, sky_image
from songreel_sprout.painter.places.town import TOWN
from songreel_sprout.painter.plants import Scene
from songreel_sprout.painter.subjects import PEOPLE, SUBJECTS

COVER: Final = 32
"""Side of a subject's cover: one number for each 8 x 8 pixels, as the latents have."""


def paint(labels: Labels, knobs: Knobs) -> Image.Image:
    """The picture of ``labels`` with ``knobs``, 256 x 256 RGB."""
    return paint_covered(labels, knobs)[0]


def paint_covered(labels: Labels, knobs: Knobs) -> tuple[Image.Image, NDArray[np.uint8]]:
    """The picture, and how much of each of its parts the subject covers: ``(32, 32)`` 0..255."""
    light = light_of(labels, knobs)
    # The light turns smoothly with the sun: a jump at the middle could not be learnt.
    canvas = Canvas(labels.style, (1.8 * (knobs.sun_x - 0.5), -0.75 - 0.2 * (knobs.light - 0.5)))
    portrait = labels.framing == "close-up" and labels.subject in PEOPLE
    horizon = 0.5 + 0.14 * (knobs.horizon - 0.5)
    if labels.framing == "wide":
        horizon += 0.05
    sky = sky_image(canvas, labels, knobs, light, horizon)
    scene = Scene(canvas, labels, knobs, light, horizon, sky)
    above = labels.framing == "above"
    (ABOVE if above else PLACES | TOWN)[labels.place](scene)
    if portrait:
        soften(canvas, 2.0)
        _weather(canvas, labels, knobs)
    bare = canvas.image.reduce(2)
    if labels.subject != "none":
        show = SUBJECTS[labels.subject]
        if above:
            look_down(scene, show)
        else:
            show(scene)
    changed = ImageChops.difference(bare, canvas.image.reduce(2)).convert("L")
    cover = changed.point([255 * (v > 4) for v in range(256)]).reduce(SIZE // COVER)
    if not portrait:
        # In front of a face the drops would read as blemishes; there they fall behind.
        _weather(canvas, labels, knobs)
    matrix, vignette = grade(labels, knobs)
    return canvas.finish(matrix, vignette), np.asarray(cover, dtype=np.uint8)


def _weather(canvas: Canvas, labels: Labels, knobs: Knobs) -> None:
    outdoors = labels.place not in ("room", "stage")
    if outdoors or (labels.place == "stage" and labels.weather == "snow"):
        fall(canvas, labels, knobs)


def paint_array(
    indices: NDArray[np.integer[Any]], knobs: NDArray[np.floating[Any]]
) -> NDArray[np.uint8]:
    """The same from ``(7,)`` class numbers and ``(knobs,)`` values: ``(256, 256, 3)`` 0..255."""
    picture = paint(Labels.from_indices(indices), Knobs(*(float(v) for v in knobs)))
    return np.asarray(picture, dtype=np.uint8)


def _paint_block(
    block: tuple[NDArray[np.uint8], NDArray[np.float32]],
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    both = [
        paint_covered(Labels.from_indices(i), Knobs(*(float(v) for v in k)))
        for i, k in zip(*block, strict=True)
    ]
    return np.stack([np.asarray(picture) for picture, _ in both]), np.stack([c for _, c in both])


def paint_many(
    indices: NDArray[np.uint8], knobs: NDArray[np.float32], workers: int, block: int = 64
) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.uint8]]]:
    """Paint ``(n, 7)`` labels with ``(n, knobs)`` values in a process pool.

    Yields blocks of ``(<= block, 256, 256, 3)`` pictures with their ``(<= block, 32, 32)``
    covers, all uint8, in order.
    """
    blocks = [(indices[i : i + block], knobs[i : i + block]) for i in range(0, len(indices), block)]
    with ProcessPoolExecutor(workers) as pool:
        yield from pool.map(_paint_block, blocks)


__all__ = ["COVER", "SIZE", "paint", "paint_array", "paint_covered", "paint_many"]
