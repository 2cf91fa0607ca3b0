"""A puppet: a portrait whose face mesh is turned, opened, squinted and lit.

The willing person of the tests, and the material of most attacks. It renders
pictures; it knows nothing of the protocol.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import mediapipe
import numpy as np
from scipy.interpolate import LinearNDInterpolator
from scipy.spatial import Delaunay
from songreel_identity.faces.mediapipe_tracker import OVAL, MediaPipeTracker
from songreel_identity.liveness.thresholds import Thresholds

from songreel_testing.puppet.hands import drawn_hand, paste

WIDTH, HEIGHT = 640, 480
EYE_PX = 104.0
"""Pupil distance of the neutral puppet, px."""

_HANDS = ((0, 2.1), (0, 2.6), (-25, 3.1), (20, 2.6), (40, 2.6), (0, 3.1))
"""Degrees by which a hand may be turned, and its size in pupil distances: a person whose hand
is not seen holds it otherwise, too."""

LIPS_INNER = (
    78,
    191,
    80,
    81,
    82,
    13,
    312,
    311,
    310,
    415,
    308,
    324,
    318,
    402,
    317,
    14,
    87,
    178,
    88,
    95,
)
_LOWER_LIP = (
    14,
    87,
    178,
    88,
    95,
    317,
    402,
    318,
    324,
    17,
    84,
    181,
    91,
    146,
    314,
    405,
    321,
    375,
    15,
    16,
    85,
    86,
    179,
    180,
    89,
    90,
    96,
    77,
    315,
    316,
    403,
    404,
    319,
    320,
    325,
    307,
)
_CHIN = (
    152,
    148,
    176,
    149,
    150,
    377,
    400,
    378,
    379,
    199,
    200,
    175,
    171,
    396,
    18,
    83,
    313,
    201,
    421,
    208,
    428,
    194,
    418,
    182,
    406,
    262,
    32,
    140,
    369,
    170,
    395,
)
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
        _express(points, pose, self.eye)
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
        _mouth(image, points, pose, self.eye)
        if pose.light != (1.0, 1.0, 1.0):
            _lit(image, points, pose.light)
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


def rotation(yaw: float, pitch: float, roll: float) -> np.ndarray:
    """(3, 3): turns a head by degrees; see `Pose` for the signs."""
    y, p, r = np.radians([-yaw, pitch, roll])
    about_y = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]])
    about_z = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
    return about_z @ about_x @ about_y


def _express(points: np.ndarray, pose: Pose, eye: float) -> None:
    if pose.mouth:
        points[list(_LOWER_LIP), 1] += pose.mouth * eye
        points[list(_CHIN), 1] += pose.mouth * eye * 0.9
        points[[78, 308, 61, 291, 62, 292, 76, 306], 1] += pose.mouth * eye * 0.35
    if pose.smile:
        middle = points[[13, 14], 0].mean()
        lips = [
            *LIPS_INNER,
            *_LOWER_LIP,
            61,
            291,
            185,
            40,
            39,
            37,
            0,
            267,
            269,
            270,
            409,
            184,
            74,
            73,
            72,
            11,
            302,
            303,
            304,
            408,
            183,
            42,
            41,
            38,
            12,
            268,
            271,
            272,
            407,
            62,
            292,
            76,
            306,
            57,
            287,
        ]
        out = (points[lips, 0] - middle) / eye
        points[lips, 0] += out * 0.26 * pose.smile * eye
        points[lips, 1] -= np.abs(out) * 0.16 * pose.smile * eye
        points[
            [
                14,
                87,
                317,
                178,
                402,
                15,
                16,
                17,
                84,
                314,
                86,
                316,
                85,
                315,
                180,
                404,
                88,
                318,
                179,
                403,
            ],
            1,
        ] += 0.1 * pose.smile * eye
    if pose.squint:
        for upper, lower in zip(_UPPER_LIDS, _LOWER_LIDS, strict=True):
            gap = points[list(lower), 1] - points[list(upper), 1]
            points[list(upper), 1] += gap * 0.55 * pose.squint
            points[list(lower), 1] -= gap * 0.45 * pose.squint


def _mouth(image: np.ndarray, points: np.ndarray, pose: Pose, eye: float) -> None:
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


def _lit(image: np.ndarray, points: np.ndarray, light: tuple[float, float, float]) -> None:
    mask = np.zeros(image.shape[:2], np.float32)
    cv2.fillPoly(mask, [points[list(OVAL), :2].astype(np.int32)], 1.0)
    mask = cv2.GaussianBlur(mask, (31, 31), 0)[..., None]
    image[:] = np.clip(image * (1 + mask * (np.array(light, np.float32) - 1)), 0, 255)


def _skin(image: np.ndarray, mesh: np.ndarray) -> tuple[float, ...]:
    mask = np.zeros(image.shape[:2], np.uint8)
    cv2.fillConvexPoly(mask, mesh[[50, 101, 205, 123], :2].astype(np.int32), 255)
    return tuple(min(235.0, 1.15 * value) for value in cv2.mean(image, mask)[:3])
