"""Tells a head from a flat picture of one."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from songreel_identity.faces.landmarks import Points


def planar_residual(before: Points, after: Points, eye_px: float) -> float:
    """How far points are from having moved as a plane does.

    Args:
        before: (n, 2) px, at least 5 points.
        after: (n, 2) px, the same points later.
        eye_px: Pupil distance, px.

    Returns:
        Root mean square distance to the best homography's prediction, in pupil
        distances. Any view of a flat picture gives the landmarks' noise only.
    """
    homography: Any = cv2.findHomography(before, after, 0)[0]
    if homography is None:
        return 0.0
    predicted = cv2.perspectiveTransform(before[:, None, :], homography)[:, 0, :]
    return float(np.sqrt(np.mean(np.sum((predicted - after) ** 2, axis=1)))) / eye_px
