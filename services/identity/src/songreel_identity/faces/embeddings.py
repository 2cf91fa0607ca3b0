"""Face embeddings with dlib's ResNet: 99.38 % on LFW, same person under .6.

The 5-point shape predictor is used; the 68-point one may not be used commercially.
"""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from songreel_kit.errors import ModelMissing
from songreel_kit.telemetry.metrics import loading

Embedding = NDArray[np.float64]
"""(128,), unit-less; compare with `distance`."""

_MARGIN = 0.12


class Embedder:
    """Describes faces; loads its network with the first. Not thread-safe."""

    def __init__(self) -> None:
        """Raises `ModelMissing`."""
        self._folder = _models()
        self._loaded: tuple[Any, Any, Any] | None = None

    def _load(self) -> tuple[Any, Any, Any]:
        if self._loaded is None:
            import dlib

            library: Any = dlib
            shape = self._folder / "shape_predictor_5_face_landmarks.dat"
            network = self._folder / "dlib_face_recognition_resnet_model_v1.dat"
            with loading("face_embedder"):
                self._loaded = (
                    library.rectangle,
                    library.shape_predictor(str(shape)),
                    library.face_recognition_model_v1(str(network)),
                )
        return self._loaded

    def embed(self, image: NDArray[np.uint8], box: tuple[float, float, float, float]) -> Embedding:
        """The embedding of the face inside `box`.

        Args:
            image: (height, width, 3) RGB.
            box: Left, top, right, bottom of the face mesh's outline, px.
        """
        left, top, right, bottom = box
        # dlib was trained on its own detector's squares, from the brows to the chin.
        width = right - left
        middle, side = ((left + right) / 2, (top + bottom) / 2 + 0.06 * width), 0.5 + _MARGIN / 2
        square = (
            middle[0] - side * width,
            middle[1] - side * width,
            middle[0] + side * width,
            middle[1] + side * width,
        )
        return self.embed_square(image, square)

    def embed_square(
        self, image: NDArray[np.uint8], square: tuple[float, float, float, float]
    ) -> Embedding:
        """The same for a square as dlib's own detector draws it."""
        new_rectangle, predict, network = self._load()
        left, top, right, bottom = (round(side) for side in square)
        rectangle = new_rectangle(left, top, right, bottom)
        contiguous = np.ascontiguousarray(image)
        shape = predict(contiguous, rectangle)
        return np.array(network.compute_face_descriptor(contiguous, shape))


def distance(one: Embedding, other: Embedding) -> float:
    """Euclidean distance; the same person is below .6."""
    return float(np.linalg.norm(one - other))


def pairwise(embeddings: list[Embedding]) -> list[float]:
    """Distances of all pairs."""
    return [distance(one, other) for one, other in combinations(embeddings, 2)]


@cache
def _models() -> Path:
    # The package itself imports pkg_resources, which is gone: only its files are used.
    spec = find_spec("face_recognition_models")
    if spec is None or not spec.submodule_search_locations:
        raise ModelMissing(
            "the face embedding models are missing: install the package face_recognition_models"
        )
    return Path(next(iter(spec.submodule_search_locations))) / "models"
