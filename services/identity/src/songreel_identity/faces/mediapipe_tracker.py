"""Measures faces and hands with MediaPipe 0.10, whose wheel carries its models.

Everything of MediaPipe stays behind `Tracker`, so that another estimator can
take its place.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
from importlib.util import find_spec
from typing import Any, Protocol

import cv2
import numpy as np
from songreel_kit.errors import ModelMissing
from songreel_kit.telemetry.metrics import loading

from songreel_identity.faces.landmarks import FaceLandmarks, FrameMeasurements, Points
from songreel_identity.faces.pictures import Image

# Landmark numbers of MediaPipe's face mesh. "Right" is the subject's right.
RIGHT_PUPIL, LEFT_PUPIL = 468, 473
OVAL = (
    *(10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377),
    *(152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109),
)
RIGID = (
    # Nose, eye corners, brow line, forehead, cheekbones: they follow the skull.
    *(1, 4, 5, 6, 195, 197, 168, 98, 327, 33, 133, 362, 263, 9, 151, 10, 67, 297, 109, 338),
    *(50, 280, 101, 330, 116, 345, 123, 352, 127, 356, 234, 454, 21, 251, 54, 284, 205, 425),
)
_RIGHT_EYE = (33, 133, 159, 145, 158, 153)
_LEFT_EYE = (263, 362, 386, 374, 385, 380)
_LIPS_TOP, _LIPS_BOTTOM, _MOUTH_RIGHT, _MOUTH_LEFT = 13, 14, 61, 291
_FOREHEAD, _CHIN = 10, 152

YAW_GAIN = 1.0
PITCH_GAIN = 1.0


class Tracker(Protocol):
    """Measures the frames of one session, in order. Not thread-safe."""

    def read(
        self, image: Image, *, frame: int, at: float, digest: bytes, hands: bool
    ) -> FrameMeasurements:
        """Measures an RGB picture, (height, width, 3) uint8; `hands` looks for hands too."""
        ...

    def close(self) -> None:
        """Lets go of the models."""
        ...


class MediaPipeTracker:
    """`Tracker` with MediaPipe's face mesh and hands."""

    def __init__(self) -> None:
        """Raises `ModelMissing` where mediapipe is not installed."""
        if find_spec("mediapipe") is None:
            raise ModelMissing(
                "enrolment needs mediapipe, which is not installed: pip install --no-deps "
                "mediapipe==0.10.21 (it is for Python 3.11 and 3.12)"
            )
        # MediaPipe prints a harmless protobuf message while it is imported.
        with contextlib.redirect_stderr(io.StringIO()):
            import mediapipe

        solutions: Any = mediapipe.solutions
        with loading("face_mesh"):
            self._mesh = solutions.face_mesh.FaceMesh(
                static_image_mode=False, max_num_faces=2, refine_landmarks=True
            )
        self._new_hands = solutions.hands.Hands
        self._hands: Any = None

    def read(
        self, image: Image, *, frame: int, at: float, digest: bytes, hands: bool
    ) -> FrameMeasurements:
        """Measures an RGB picture, (height, width, 3) uint8."""
        height, width = image.shape[:2]
        found = self._mesh.process(image).multi_face_landmarks or []
        meshes = [_points(landmarks, width, height) for landmarks in found]
        faces = sorted(((_face(mesh), mesh) for mesh in meshes), key=lambda each: -each[0].eye_px)
        grey: Any = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
        if not faces:
            return FrameMeasurements(
                frame, at, 0, None, float(grey.mean()), 0.0, 0.0, digest=digest
            )
        face, mesh = faces[0]
        mask = _mask(face.oval, height, width)
        covered = self._covered(image, mesh) if hands else (0.0, 0.0)
        return FrameMeasurements(
            frame=frame,
            at=at,
            faces=len(faces),
            face=face,
            brightness=float(cv2.mean(grey, mask)[0]),
            sharpness=_sharpness(grey, face.oval),
            tint=_tint(image, mesh, mask),
            covered=covered,
            digest=digest,
        )

    def close(self) -> None:
        """Closes both models."""
        self._mesh.close()
        if self._hands is not None:
            self._hands.close()

    def _covered(self, image: Image, mesh: Points) -> tuple[float, float]:
        if self._hands is None:
            self._hands = self._new_hands(
                static_image_mode=False, max_num_hands=2, model_complexity=0
            )
        height, width = image.shape[:2]
        hands = np.zeros((height, width), np.uint8)
        for landmarks in self._hands.process(image).multi_hand_landmarks or []:
            hull = cv2.convexHull(_points(landmarks, width, height)[:, :2].astype(np.float32))
            cv2.fillConvexPoly(hands, hull.astype(np.int32), 255)
        return tuple(_share(hands, half) for half in _halves(mesh, height, width))  # pyright: ignore[reportReturnType]


def digest_of(jpeg: bytes) -> bytes:
    """What tells two frames apart."""
    return hashlib.blake2b(jpeg, digest_size=16).digest()


def _points(landmarks: Any, width: int, height: int) -> Points:
    # z has the scale of x, by MediaPipe's documentation.
    return np.array([(p.x * width, p.y * height, p.z * width) for p in landmarks.landmark])


def _face(mesh: Points) -> FaceLandmarks:
    eye = float(np.hypot(*(mesh[LEFT_PUPIL] - mesh[RIGHT_PUPIL])[:2])) + 1e-6
    yaw, pitch = _angles(mesh)
    centre = (mesh[LEFT_PUPIL] + mesh[RIGHT_PUPIL])[:2] / 2 / eye
    # Turning shortens what lies across: the mouth is measured against the eyes, which
    # shorten with it.
    return FaceLandmarks(
        eye_px=eye,
        yaw=yaw,
        pitch=pitch,
        centre=(float(centre[0]), float(centre[1])),
        mouth_open=_distance(mesh, _LIPS_TOP, _LIPS_BOTTOM) / eye,
        mouth_width=_distance(mesh, _MOUTH_RIGHT, _MOUTH_LEFT) / eye,
        eyes_open=(_openness(mesh, _RIGHT_EYE) + _openness(mesh, _LEFT_EYE)) / 2,
        points=mesh[list(RIGID), :2],
        oval=mesh[list(OVAL), :2],
    )


def _angles(mesh: Points) -> tuple[float, float]:
    """Yaw and pitch in degrees from the directions across and down the face."""
    across = mesh[454] - mesh[234] + mesh[263] - mesh[33]
    down = mesh[_CHIN] - mesh[_FOREHEAD]
    yaw = np.degrees(np.arctan2(across[2], across[0]))
    pitch = np.degrees(np.arctan2(down[2], np.hypot(down[0], down[1])))
    return float(yaw) * YAW_GAIN, float(pitch) * PITCH_GAIN


def _distance(mesh: Points, one: int, other: int) -> float:
    return float(np.hypot(*(mesh[one] - mesh[other])[:2]))


def _openness(mesh: Points, eye: tuple[int, ...]) -> float:
    outer, inner, top, bottom, top2, bottom2 = eye
    height = (_distance(mesh, top, bottom) + _distance(mesh, top2, bottom2)) / 2
    return height / (_distance(mesh, outer, inner) + 1e-6)


def _mask(outline: Points, height: int, width: int) -> Image:
    mask = np.zeros((height, width), np.uint8)
    cv2.fillPoly(mask, [outline.astype(np.int32)], 255)
    return mask


def _halves(mesh: Points, height: int, width: int) -> tuple[Image, Image]:
    """Masks of the subject's left and right half of the face."""
    middle = [10, 151, 9, 168, 6, 197, 195, 5, 4, 1, 2, 0, 17, 18, 200, 199, 175, 152]
    left = [*OVAL[: OVAL.index(152)], *reversed(middle)]
    right = [*OVAL[OVAL.index(152) :], *middle]
    return (
        _mask(mesh[left, :2], height, width),
        _mask(mesh[right, :2], height, width),
    )


def _share(over: Image, under: Image) -> float:
    return float(np.count_nonzero(over & under)) / max(1, np.count_nonzero(under))


def _sharpness(grey: Image, oval: Points) -> float:
    low, high = np.maximum(oval.min(axis=0), 0).astype(int), oval.max(axis=0).astype(int)
    patch = grey[low[1] : high[1], low[0] : high[0]]
    return float(cv2.Laplacian(patch, cv2.CV_32F).var()) if patch.size else 0.0


def _tint(image: Image, mesh: Points, mask: Image) -> float:
    """Lab b* of cheeks, nose and forehead less that of the picture's side borders.

    Eyes, mouth and beard are left out: they move or hardly reflect.
    """
    height, width = image.shape[:2]
    skin = np.zeros_like(mask)
    for part in ((151, 9, 107, 66, 69, 67, 109, 10, 338, 297, 299, 296, 336), _CHEEK_R, _CHEEK_L):
        cv2.fillConvexPoly(
            skin, cv2.convexHull(mesh[list(part), :2].astype(np.float32)).astype(np.int32), 255
        )
    border = max(8, width // 12)
    back = np.zeros_like(mask)
    back[: height * 2 // 3, :border] = 255
    back[: height * 2 // 3, -border:] = 255
    back[cv2.dilate(mask, np.ones((25, 25), np.uint8)) > 0] = 0
    if not skin.any() or not back.any():
        return 0.0
    small = cv2.cvtColor(image, cv2.COLOR_RGB2LAB)
    return float(cv2.mean(small, skin)[2] - cv2.mean(small, back)[2])


_CHEEK_R = (50, 101, 205, 187, 123, 117, 118)
_CHEEK_L = (280, 330, 425, 411, 352, 346, 347)
