"""A puppet: a portrait whose face mesh is turned, opened, squinted and lit.

The willing person of the tests, and the material of most attacks. It renders
pictures; it knows nothing of the protocol.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import cv2
import mediapipe
import numpy as np
from scipy.interpolate import LinearNDInterpolator
from scipy.spatial import Delaunay
from songreel_identity.faces.mediapipe_tracker import OVAL, MediaPipeTracker
from songreel_identity.liveness.thresholds import Thresholds

from songreel_testing.puppet.expressions import Pose, express, light_face, paint_mouth, rotation
from songreel_testing.puppet.hands import drawn_hand, paste

WIDTH, HEIGHT = 640, 480
EYE_PX = 104.0
"""Pupil distance of the neutral puppet, px."""

_HANDS = ((0, 2.1), (0, 2.6), (-25, 3.1), (20, 2.6), (40, 2.6), (0, 3.1))
"""Degrees by which a hand may be turned, and its size in pupil distances: a person whose hand
is not seen holds it otherwise, too."""


class Puppet:
    """A portrait that moves."""

    def __init__(
        self, picture: np.ndarray, depth: float = 1.35, *, texture: np.ndarray | None = None
    ) -> None:
        """`picture`: RGB with one face. `depth` stretches the mesh's depth."""
        mesh = _mesh(picture)
        eye = np.hypot(*(mesh[473] - mesh[468])[:2])
        scale = EYE_PX / eye
        centre = (mesh[473] + mesh[468])[:2] / 2
        matrix = np.array(
            [
                [scale, 0, WIDTH / 2 - scale * centre[0]],
                [0, scale, HEIGHT * 0.42 - scale * centre[1]],
            ]
        )
        self.still = cv2.warpAffine(
            picture,
            matrix,
            (WIDTH, HEIGHT),
            flags=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC,
            borderMode=cv2.BORDER_REFLECT,
        )
        self.mesh = mesh * scale
        self.mesh[:, :2] += matrix[:, 2]
        self.mesh[:, 2] *= depth
        self.eye = EYE_PX
        oval = self.mesh[list(OVAL)]
        self.middle = oval[:, :2].mean(axis=0)
        self.back = float(np.abs(self.mesh[:, 0] - self.middle[0]).max()) * 0.9
        # Rings around the face move less the further out they are: hair, ears, neck.
        rings = [
            (self.middle + (oval[:, :2] - self.middle) * reach, weight)
            for reach, weight in ((1.25, 0.8), (1.6, 0.4), (2.2, 0.0))
        ]
        self._rings = rings
        frame = [
            (x, y)
            for x in np.linspace(-200, WIDTH + 200, 8)
            for y in np.linspace(-200, HEIGHT + 200, 8)
        ]
        far = [p for p in frame if np.hypot(p[0] - self.middle[0], p[1] - self.middle[1]) > 330]
        self._far = np.array(far)
        self._source = np.vstack([self.mesh[:468, :2], *(ring for ring, _ in rings), self._far])
        self._grid = (
            np.stack(np.meshgrid(np.arange(0, WIDTH, 4), np.arange(0, HEIGHT, 4)), -1).reshape(
                -1, 2
            )
            + 1.5
        )
        self.hand_is_seen = any(self._takes(turn, size) for turn, size in _HANDS)
        """Whether the drawn hand is one for MediaPipe over both halves of this face."""

    def moved(self, pose: Pose) -> np.ndarray:
        """(478, 3) px: the mesh in this pose."""
        points = self.mesh.copy()
        express(points, pose, self.eye)
        pivot = np.array([*self.middle, self.back])
        turn = rotation(pose.yaw, pose.pitch, pose.roll)
        points = (points - pivot) @ turn.T + pivot
        anchor = np.array([WIDTH / 2, HEIGHT / 2])
        points[:, :2] = (points[:, :2] - anchor) * pose.scale + anchor
        points[:, :2] += np.array(pose.shift) * self.eye
        points[:, 2] *= pose.scale
        return points

    def render(self, pose: Pose) -> np.ndarray:
        """(480, 640, 3) uint8 RGB."""
        points = self.moved(pose)
        oval = self.mesh[list(OVAL)]
        go = points[list(OVAL)][:, :2] - oval[:, :2]
        scale, shift = pose.scale, np.array(pose.shift) * self.eye
        rings = [
            ring + go * weight + (1 - weight) * _along(ring, scale, shift)
            for ring, weight in self._rings
        ]
        target = np.vstack(
            [points[:468, :2], *rings, self._far + _along(self._far, scale, shift) * 0]
        )
        inverse = LinearNDInterpolator(Delaunay(target), self._source)(self._grid)
        lost = np.isnan(inverse)
        inverse[lost] = self._grid[lost]
        field = inverse.reshape(HEIGHT // 4, WIDTH // 4, 2).astype(np.float32)
        field = cv2.resize(field, (WIDTH, HEIGHT), interpolation=cv2.INTER_LINEAR)
        image = cv2.remap(self.still, field, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
        paint_mouth(image, points, pose, self.eye)
        if pose.light != (1.0, 1.0, 1.0):
            light_face(image, points, pose.light)
        if pose.hand:
            self._covered(image, points, pose.hand)
        return image

    def _takes(self, turn: float, size: float) -> bool:
        """Tries a hand on; one that the tracker sees as a real one is seen is kept."""
        self._hand = drawn_hand(int(self.eye * size), _skin(self.still, self.mesh), turn)
        limits, tracker = Thresholds(), MediaPipeTracker()
        seen = []
        for number, side in enumerate(("left", "right")):
            for again in range(3):
                covered = tracker.read(
                    self.render(Pose(hand=side, shift=(0.02 * again, 0.0))),
                    frame=number,
                    at=number,
                    digest=b"",
                    hands=True,
                ).covered
            asked, other = covered[number], covered[1 - number]
            seen.append(asked >= limits.hand_covered and other <= limits.hand_other)
        tracker.close()
        return all(seen)

    def _covered(self, image: np.ndarray, points: np.ndarray, side: str) -> None:
        hand, mask = self._hand
        if side == "left":
            hand, mask = hand[:, ::-1], mask[:, ::-1]
        half = points[[330, 425]] if side == "left" else points[[101, 205]]
        x, y = (half[:, :2].mean(axis=0) - np.array(mask.shape)[::-1] * (0.5, 0.52)).astype(int)
        paste(image, hand, mask, x, y)


@cache
def portrait(path: Path, at_frame: int = 0) -> Puppet:
    """The puppet of a picture, or of one frame of a clip."""
    return Puppet(read_picture(path, at_frame))


def read_picture(path: Path, at_frame: int = 0) -> np.ndarray:
    """RGB, of a picture or a frame of a clip."""
    if path.suffix == ".mp4":
        clip = cv2.VideoCapture(str(path))
        for _ in range(at_frame):
            clip.grab()
        return cv2.cvtColor(clip.read()[1], cv2.COLOR_BGR2RGB)
    return cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)


def _mesh(picture: np.ndarray) -> np.ndarray:
    with mediapipe.solutions.face_mesh.FaceMesh(
        static_image_mode=True, refine_landmarks=True
    ) as mesh:
        found = mesh.process(picture).multi_face_landmarks
    if not found:
        # A small face in a large picture: look closer at its upper middle.
        raise ValueError("no face in the picture")
    height, width = picture.shape[:2]
    return np.array([(p.x * width, p.y * height, p.z * width) for p in found[0].landmark])


def _along(points: np.ndarray, scale: float, shift: np.ndarray) -> np.ndarray:
    anchor = np.array([WIDTH / 2, HEIGHT / 2])
    return (points - anchor) * (scale - 1) + shift


def _skin(image: np.ndarray, mesh: np.ndarray) -> tuple[float, ...]:
    mask = np.zeros(image.shape[:2], np.uint8)
    cv2.fillConvexPoly(mask, mesh[[50, 101, 205, 123], :2].astype(np.int32), 255)
    return tuple(min(235.0, 1.15 * value) for value in cv2.mean(image, mask)[:3])
