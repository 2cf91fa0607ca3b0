"""What one camera frame shows, as numbers; nothing here knows how they were measured."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]


@dataclass(frozen=True)
class FaceLandmarks:
    """Measures of one face. Left and right are the subject's own."""

    eye_px: float
    """Distance between the pupils, in pixels of the frame."""
    yaw: float
    """Degrees; positive when the subject turns to the own left."""
    pitch: float
    """Degrees; positive when the subject looks up."""
    centre: tuple[float, float]
    """Between the eyes, in pupil distances from the frame's upper left corner."""
    mouth_open: float
    """Gap between the lips over the pupil distance."""
    mouth_width: float
    """Distance of the mouth's corners over the pupil distance."""
    eyes_open: float
    """Height over width of the eyes' openings, mean of both."""
    points: Points = field(repr=False)
    """(n, 2) px: landmarks of the parts that do not move with an expression."""
    oval: Points = field(repr=False)
    """(m, 2) px: the outline of the face."""


@dataclass(frozen=True)
class FrameMeasurements:
    """One frame, measured."""

    frame: int
    """Number of the frame within the session."""
    at: float
    """When it was taken, in seconds on the session's clock."""
    faces: int
    face: FaceLandmarks | None
    """The only face, or the largest."""
    brightness: float
    """Mean luma of the face (of the frame, without a face), 0-255."""
    sharpness: float
    """Variance of the Laplacian over the face."""
    tint: float
    """Blue-yellow chroma of the face less that of the background, Lab b*, 8-bit units."""
    covered: tuple[float, float] = (0.0, 0.0)
    """Share of the subject's left and right half of the face under a hand, 0-1; zero
    where hands were not looked for."""
    digest: bytes = b""
    """Hash of the frame as it came."""
