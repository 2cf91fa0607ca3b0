"""Shapes as skia paths, in units of a thousandth of the picture's height."""

from __future__ import annotations

import math
from collections.abc import Sequence

import skia

Point = tuple[float, float]


def polygon(points: Sequence[Point]) -> skia.Path:
    """A closed outline with corners."""
    path = skia.Path()
    path.addPoly([skia.Point(*p) for p in points], True)
    return path


def curve(points: Sequence[Point], *, closed: bool = False, tension: float = 0.5) -> skia.Path:
    """A smooth line through all points (Catmull-Rom as cubic Béziers)."""
    path = skia.Path()
    n = len(points)
    if n < 2:
        return path
    path.moveTo(*points[0])
    for i in range(n if closed else n - 1):
        p0 = points[(i - 1) % n] if closed or i > 0 else points[i]
        p1, p2 = points[i], points[(i + 1) % n]
        p3 = points[(i + 2) % n] if closed or i + 2 < n else p2
        k = tension / 3.0 * 2.0
        path.cubicTo(
            p1[0] + (p2[0] - p0[0]) * k / 2, p1[1] + (p2[1] - p0[1]) * k / 2,
            p2[0] - (p3[0] - p1[0]) * k / 2, p2[1] - (p3[1] - p1[1]) * k / 2,
            p2[0], p2[1],
        )  # fmt: skip
    if closed:
        path.close()
    return path


def oval(x: float, y: float, rx: float, ry: float, turn: float = 0.0) -> skia.Path:
    """An ellipse around (x, y), turned clockwise by `turn` radians."""
    path = skia.Path()
    path.addOval(skia.Rect(-rx, -ry, rx, ry))
    path.transform(skia.Matrix().setRotate(math.degrees(turn)).postTranslate(x, y))
    return path


def limb(points: Sequence[Point], widths: Sequence[float]) -> skia.Path:
    """A tapering tube along `points`, round at both ends and joints.

    Args:
        points: at least two, along the middle.
        widths: full width at each point.
    """
    # All parts turn the same way, so that together they fill as one shape.
    path = skia.Path()
    for (x, y), w in zip(points, widths, strict=True):
        path.addCircle(x, y, w / 2)
    for (ax, ay), (bx, by), wa, wb in zip(points, points[1:], widths, widths[1:], strict=False):
        length = math.hypot(bx - ax, by - ay) or 1e-6
        nx, ny = -(by - ay) / length / 2, (bx - ax) / length / 2
        path.moveTo(ax - nx * wa, ay - ny * wa)
        path.lineTo(bx - nx * wb, by - ny * wb)
        path.lineTo(bx + nx * wb, by + ny * wb)
        path.lineTo(ax + nx * wa, ay + ny * wa)
        path.close()
    return path


def place(path: skia.Path, x: float, y: float, scale: float = 1.0, turn: float = 0.0) -> skia.Path:
    """A path scaled, turned by radians and moved."""
    moved = skia.Path(path)
    matrix = skia.Matrix().setScale(scale, scale)
    matrix.postRotate(math.degrees(turn)).postTranslate(x, y)
    moved.transform(matrix)
    return moved
