"""A hand to hold before the puppet's face."""

from __future__ import annotations

import cv2
import numpy as np


def paste(image: np.ndarray, picture: np.ndarray, mask: np.ndarray, x: int, y: int) -> None:
    """Lays a picture over another, clipped at its borders."""
    x0, y0 = max(0, x), max(0, y)
    x1, y1 = min(image.shape[1], x + mask.shape[1]), min(image.shape[0], y + mask.shape[0])
    if x0 >= x1 or y0 >= y1:
        return
    part = np.s_[y0 - y : y1 - y, x0 - x : x1 - x]
    alpha = (mask[part] / 255.0)[..., None]
    place = image[y0:y1, x0:x1]
    place[:] = (picture[part] * alpha + place * (1 - alpha)).astype(np.uint8)


def drawn_hand(
    size: int, skin: tuple[float, ...], turn: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """A drawn hand with its mask, fingers up, or turned clockwise by so many degrees.

    MediaPipe takes it for one (score .97), though not over every face: see `Puppet`.
    """
    n = size * 3
    fingers = (
        ((0.40, 0.52), (0.34, 0.12), 0.060),
        ((0.50, 0.50), (0.49, 0.06), 0.064),
        ((0.60, 0.52), (0.63, 0.11), 0.060),
        ((0.69, 0.57), (0.76, 0.22), 0.050),
        ((0.36, 0.72), (0.14, 0.46), 0.066),
    )
    palm = (
        (0.34, 0.55),
        (0.42, 0.49),
        (0.60, 0.49),
        (0.73, 0.55),
        (0.72, 0.75),
        (0.64, 0.88),
        (0.42, 0.88),
        (0.33, 0.75),
    )
    folds = (
        ((0.36, 0.68), (0.5, 0.62), (0.70, 0.60)),
        ((0.37, 0.72), (0.52, 0.70), (0.69, 0.72)),
        ((0.38, 0.62), (0.48, 0.74), (0.47, 0.86)),
    )

    def at(x: float, y: float) -> tuple[int, int]:
        return int(x * n), int(y * n)

    mask = np.zeros((n, n), np.uint8)
    cv2.fillConvexPoly(mask, np.array([at(*p) for p in palm]), 255)
    cv2.rectangle(mask, at(0.43, 0.85), at(0.63, 1.0), 255, -1)
    lines = np.zeros((n, n), np.float32)
    for a, b, w in fingers:
        cv2.line(mask, at(*a), at(*b), 255, int(2 * w * n))
        one = np.zeros((n, n), np.uint8)
        cv2.line(one, at(*a), at(*b), 255, int(2 * w * n))
        edge = cv2.morphologyEx(one, cv2.MORPH_GRADIENT, np.ones((5, 5), np.uint8)) > 0
        lines = np.maximum(lines, (edge & (np.arange(n)[:, None] / n < 0.56)) * np.float32(0.8))
    for a, b, w in fingers:
        for t in (0.38, 0.68):
            cx, cy = a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t
            dx, dy = -(b[1] - a[1]), b[0] - a[0]
            k = w / np.hypot(dx, dy) * 0.8
            cv2.line(
                lines, at(cx - dx * k, cy - dy * k), at(cx + dx * k, cy + dy * k), 1, int(0.008 * n)
            )
    for fold in folds:
        cv2.polylines(lines, [np.array([at(*p) for p in fold])], False, 1, int(0.008 * n))
    lines = cv2.GaussianBlur(lines, (0, 0), 0.004 * n)
    depth = np.clip(cv2.distanceTransform(mask, cv2.DIST_L2, 5) / (0.07 * n), 0, 1)
    hand = np.empty((n, n, 3), np.float32)
    hand[:] = skin
    hand *= ((0.62 + 0.38 * np.sqrt(depth)) * (1 - 0.35 * np.clip(lines, 0, 1)))[..., None]
    small = cv2.resize(hand, (size, size), interpolation=cv2.INTER_AREA)
    small = np.clip(small, 0, 255).astype(np.uint8)
    mask = cv2.resize(mask, (size, size), interpolation=cv2.INTER_AREA)
    about = cv2.getRotationMatrix2D((size / 2, size / 2), -turn, 1.0)
    turned = cv2.warpAffine(small, about, (size, size), borderMode=cv2.BORDER_REPLICATE)
    return turned, cv2.warpAffine(mask, about, (size, size))
