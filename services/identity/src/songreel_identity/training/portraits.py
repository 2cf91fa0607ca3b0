"""From the enrolled pictures to squares for training: the face large, with its place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from songreel_identity.faces.pictures import Image
from songreel_identity.faces.recognition import Box, FaceRecogniser

_FACE_SHARES = (0.40, 0.65)
"""Width of the face in the width of the square."""
_TILT = 8.0
_SHIFT = 0.06
_GAIN = 0.12


@dataclass(frozen=True)
class Portrait:
    """A square for training."""

    image: Image
    """(size, size, 3) RGB."""
    face: NDArray[np.float32]
    """(size, size) in [0, 1]: 1 where the face is, 0 elsewhere, soft between them."""


def make_portraits(
    pictures: Sequence[Image], recogniser: FaceRecogniser, *, size: int, variants: int, seed: int
) -> tuple[list[Portrait], int]:
    """Crops around the face, slightly turned, shifted, scaled and lit; never mirrored.

    A mirrored face is another face. Equal arguments give equal portraits.

    Args:
        pictures: of the person.
        recogniser: finds the faces.
        size: side of the squares in pixels.
        variants: of each picture; the first one is straight and unchanged.
        seed: of what is drawn at random.

    Returns:
        The portraits, picture by picture, and in how many pictures no face was found:
        those are taken to show it in their middle.
    """
    random = np.random.default_rng(seed)
    portraits: list[Portrait] = []
    missed = 0
    for image in pictures:
        found = recogniser.detect_largest(image)
        missed += found is None
        box = found or _middle(image)
        portraits.extend(
            _crop(image, box, size, random if variant else None) for variant in range(variants)
        )
    return portraits, missed


def _middle(image: Image) -> Box:
    height, width = image.shape[:2]
    side = 0.5 * min(height, width)
    return ((width - side) / 2, (height - side) / 2, (width + side) / 2, (height + side) / 2)


def _crop(image: Image, box: Box, size: int, random: np.random.Generator | None) -> Portrait:
    left, top, right, bottom = box
    face = max(right - left, bottom - top)
    share, angle, moved, gain, offset = 0.5, 0.0, np.zeros(2), 1.0, 0.0
    if random is not None:
        share = random.uniform(*_FACE_SHARES)
        angle = random.uniform(-_TILT, _TILT)
        moved = random.uniform(-_SHIFT, _SHIFT, 2)
        gain = 1.0 + random.uniform(-_GAIN, _GAIN)
        offset = 255 * random.uniform(-_GAIN, _GAIN) / 3
    scale = size * share / face
    # dlib's box ends at the brows: the middle of the head lies a little above its middle.
    middle = ((left + right) / 2, (top + bottom) / 2 - 0.05 * face)
    turn = np.asarray(cv2.getRotationMatrix2D(middle, angle, scale), np.float64)
    turn[:, 2] += size / 2 - np.asarray(middle) + moved * size
    square = cv2.warpAffine(
        image, turn, (size, size), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE
    )
    lit = np.clip(square.astype(np.float32) * gain + offset, 0, 255).astype(np.uint8)
    return Portrait(lit, _face_mask(box, turn, size))


def _face_mask(box: Box, turn: NDArray[np.float64], size: int) -> NDArray[np.float32]:
    left, top, right, bottom = box
    centre = turn @ np.array([(left + right) / 2, (top + bottom) / 2, 1.0])
    scale = float(np.hypot(turn[0, 0], turn[0, 1]))
    # The box is of the features; the ellipse takes in forehead, chin and ears.
    axes = (0.62 * scale * (right - left), 0.80 * scale * (bottom - top))
    mask = np.zeros((size, size), np.float32)
    cv2.ellipse(
        mask,
        (round(centre[0]), round(centre[1])),
        (max(1, round(axes[0])), max(1, round(axes[1]))),
        0.0, 0.0, 360.0, 1.0, -1,
    )  # fmt: skip
    blurred = cv2.GaussianBlur(mask, (0, 0), max(1.0, size / 64))
    return np.clip(blurred, 0.0, 1.0).astype(np.float32)
