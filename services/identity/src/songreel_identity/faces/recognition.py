"""Finds faces in pictures and says whose they are: what an adapter is judged by.

dlib's frontal detector and ResNet, as the `face_recognition` package puts them
together: its .6 for "the same person" holds for exactly this pair. Enrolment has its
own eyes (`tracker`), which follow a moving face and are never asked about paintings.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np

from songreel_identity.faces.embeddings import Embedder, Embedding, distance
from songreel_identity.faces.pictures import Image

SAME_PERSON = 0.6
"""dlib's distance below which two faces are taken for one person's."""
NO_FACE = 1.0
"""Stands for the distance where there is no face: that of people unlike each other."""

Box = tuple[float, float, float, float]
"""Left, top, right, bottom, px."""

_LEAST_SIDE = 400
_MOST_SIDE = 1200


class FaceRecogniser:
    """Loads dlib's detector at once and its network with the first face. Not thread-safe."""

    def __init__(self) -> None:
        import dlib

        library: Any = dlib
        self._detect = library.get_frontal_face_detector()
        self._embedder = Embedder()

    def detect(self, image: Image) -> list[Box]:
        """All faces, largest first.

        The detector knows faces of 80 px and more: small pictures are looked at enlarged.

        Args:
            image: (height, width, 3) RGB.
        """
        side = min(image.shape[:2])
        most = max(image.shape[:2])
        scale = max(_LEAST_SIDE / side, 1.0) if side < _LEAST_SIDE else min(1.0, _MOST_SIDE / most)
        seen = image
        if scale != 1.0:
            method = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
            seen = cv2.resize(image, None, fx=scale, fy=scale, interpolation=method)
        found = self._detect(np.ascontiguousarray(seen), 0)
        boxes: list[Box] = [
            (each.left() / scale, each.top() / scale, each.right() / scale, each.bottom() / scale)
            for each in found
        ]
        return sorted(boxes, key=lambda box: (box[0] - box[2]) * (box[3] - box[1]))

    def detect_largest(self, image: Image) -> Box | None:
        """The largest face, if there is one."""
        found = self.detect(image)
        return found[0] if found else None

    def embed(self, image: Image) -> list[Embedding]:
        """The embeddings of all faces, largest first."""
        return [self._embedder.embed_square(image, box) for box in self.detect(image)]


def mean_embedding(embeddings: Sequence[Embedding]) -> Embedding:
    """What several pictures of one person have in common."""
    return np.mean(np.asarray(embeddings), axis=0)


def nearest(faces: Sequence[Embedding], person: Embedding) -> float | None:
    """Distance of the face that is most like the person; None without faces."""
    return min((distance(face, person) for face in faces), default=None)
