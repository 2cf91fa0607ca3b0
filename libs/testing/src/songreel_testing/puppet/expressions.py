"""What a puppet does with its face: poses, expressions, and light on it.

The numbers are those of MediaPipe's face mesh.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from songreel_identity.faces.mediapipe_tracker import OVAL

from songreel_testing.puppet.hands import paste

LIPS_INNER = (
    78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308, 324, 318, 402, 317, 14, 87, 178, 88, 95,
)  # fmt: skip
_LOWER_LIP = (
    14, 87, 178, 88, 95, 317, 402, 318, 324, 17, 84, 181, 91, 146, 314, 405, 321, 375, 15, 16,
    85, 86, 179, 180, 89, 90, 96, 77, 315, 316, 403, 404, 319, 320, 325, 307,
)  # fmt: skip
_CHIN = (
    152, 148, 176, 149, 150, 377, 400, 378, 379, 199, 200, 175, 171, 396, 18, 83, 313, 201, 421,
    208, 428, 194, 418, 182, 406, 262, 32, 140, 369, 170, 395,
)  # fmt: skip
_SMILING_LIPS = (
    *LIPS_INNER, *_LOWER_LIP, 61, 291, 185, 40, 39, 37, 0, 267, 269, 270, 409, 184, 74, 73, 72,
    11, 302, 303, 304, 408, 183, 42, 41, 38, 12, 268, 271, 272, 407, 62, 292, 76, 306, 57, 287,
)  # fmt: skip
_SMILING_LOWER_LIP = (
    14, 87, 317, 178, 402, 15, 16, 17, 84, 314, 86, 316, 85, 315, 180, 404, 88, 318, 179, 403,
)  # fmt: skip
_UPPER_LIDS = ((246, 161, 160, 159, 158, 157, 173), (466, 388, 387, 386, 385, 384, 398))
_LOWER_LIDS = ((7, 163, 144, 145, 153, 154, 155), (249, 390, 373, 374, 380, 381, 382))


@dataclass(frozen=True)
class Pose:
    """How the puppet holds itself."""

    yaw: float = 0.0
    """Degrees, positive to the subject's left."""
    pitch: float = 0.0
    """Degrees, positive up."""
    roll: float = 0.0
    mouth: float = 0.0
    """Opening of the mouth, in pupil distances."""
    smile: float = 0.0
    """0 to 1."""
    squint: float = 0.0
    """0 (as in the picture) to 1 (shut)."""
    shift: tuple[float, float] = (0.0, 0.0)
    """In pupil distances, right and down in the picture."""
    scale: float = 1.0
    hand: str = ""
    """The subject's half of the face that a hand covers: "left", "right" or ""."""
    light: tuple[float, float, float] = (1.0, 1.0, 1.0)
    """What the screen's light multiplies the face's red, green and blue with."""


def rotation(yaw: float, pitch: float, roll: float) -> np.ndarray:
    """(3, 3): turns a head by degrees; see `Pose` for the signs."""
    y, p, r = np.radians([-yaw, pitch, roll])
    about_y = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]])
    about_z = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
    return about_z @ about_x @ about_y


def express(points: np.ndarray, pose: Pose, eye: float) -> None:
    """Moves the mesh's points, (n, 3) px, in place; `eye` is the pupil distance in px."""
    if pose.mouth:
        points[list(_LOWER_LIP), 1] += pose.mouth * eye
        points[list(_CHIN), 1] += pose.mouth * eye * 0.9
        points[[78, 308, 61, 291, 62, 292, 76, 306], 1] += pose.mouth * eye * 0.35
    if pose.smile:
        middle = points[[13, 14], 0].mean()
        lips = list(_SMILING_LIPS)
        out = (points[lips, 0] - middle) / eye
        points[lips, 0] += out * 0.26 * pose.smile * eye
        points[lips, 1] -= np.abs(out) * 0.16 * pose.smile * eye
        points[list(_SMILING_LOWER_LIP), 1] += 0.1 * pose.smile * eye
    if pose.squint:
        for upper, lower in zip(_UPPER_LIDS, _LOWER_LIDS, strict=True):
            gap = points[list(lower), 1] - points[list(upper), 1]
            points[list(upper), 1] += gap * 0.55 * pose.squint
            points[list(lower), 1] -= gap * 0.45 * pose.squint


def paint_mouth(image: np.ndarray, points: np.ndarray, pose: Pose, eye: float) -> None:
    """Fills an open or smiling mouth, in place."""
    if not (pose.mouth > 0.03 or pose.smile > 0.2):
        return
    inside = points[list(LIPS_INNER), :2].astype(np.int32)
    mask = np.zeros(image.shape[:2], np.uint8)
    cv2.fillPoly(mask, [inside], 255)
    fill = np.empty_like(image)
    fill[:] = (60, 25, 25)
    if pose.smile > 0.2:
        fill[:] = (225, 218, 205)
    else:
        top = int(points[13, 1] + 0.06 * eye)
        fill[:top] = (215, 205, 190)
    paste(image, fill, cv2.GaussianBlur(mask, (3, 3), 0), 0, 0)


def light_face(image: np.ndarray, points: np.ndarray, light: tuple[float, float, float]) -> None:
    """Multiplies the face's colours, in place."""
    mask = np.zeros(image.shape[:2], np.float32)
    cv2.fillPoly(mask, [points[list(OVAL), :2].astype(np.int32)], 1.0)
    mask = cv2.GaussianBlur(mask, (31, 31), 0)[..., None]
    image[:] = np.clip(image * (1 + mask * (np.array(light, np.float32) - 1)), 0, 255)
