"""Labels of a picture: seven classes, their words, and the continuous knobs.

The words live in ``vocabulary.json`` (published beside the checkpoint), so that prompts are
written from the same list as the pictures and the captions.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

FIELDS: Final = ("style", "place", "time", "weather", "subject", "framing", "mood")


class Knobs(NamedTuple):
    """The continuous parameters of a picture, each in [0, 1] and uniform over the training set.

    A picture is a pure function of its labels and its knobs, and (nearly) continuous in the
    knobs. No caption names them: they are what differs between two pictures of one caption.
    """

    sun_x: float
    horizon: float
    subject_x: float
    subject_scale: float
    turn: float
    pose_a: float
    pose_b: float
    skin: float
    hair_hue: float
    hair_len: float
    cloth_hue: float
    hill_a: float
    hill_b: float
    cloud_x: float
    tree_x: float
    building_a: float
    sun_y: float
    hill_phase: float
    cloud_y: float
    cloud_size: float
    sky_hue: float
    ground_hue: float
    warmth: float
    contrast: float
    tilt: float
    cloth_val: float
    eye_hue: float
    expression: float
    face_width: float
    near_a: float
    near_b: float
    water: float
    windows: float
    tree_size: float
    building_b: float
    haze: float
    detail: float
    accent: float
    beard: float
    light: float


class _Class(NamedTuple):
    name: str
    weight: float
    words: tuple[str, ...]


def _load() -> dict[str, tuple[_Class, ...]]:
    text = files("songreel_sprout.captions").joinpath("vocabulary.json").read_text(encoding="utf-8")
    raw = cast("dict[str, Any]", json.loads(text))["labels"]
    return {
        field: tuple(
            _Class(name, float(entry["share"]), tuple(entry["words"]))
            for name, entry in raw[field].items()
        )
        for field in FIELDS
    }


CLASSES: Final = _load()
NAMES: Final = {field: tuple(c.name for c in CLASSES[field]) for field in FIELDS}
KNOB_COUNT: Final = len(Knobs._fields)


def shares(field: str) -> NDArray[np.float64]:
    """How often each class of a label is painted: ``(classes,)`` probabilities summing to 1."""
    weight = np.array([c.weight for c in CLASSES[field]], dtype=np.float64)
    return weight / weight.sum()


@dataclass(frozen=True)
class Labels:
    """The seven labels of one picture, each one of ``NAMES[field]``."""

    style: str
    """How it is drawn: sketch, cartoon or realistic."""
    place: str
    """Where it is."""
    time: str
    """Time of day."""
    weather: str
    """Weather (seen through the window in a room, as coloured air on a stage)."""
    subject: str
    """Who or what is in front; ``none`` is the bare place."""
    framing: str
    """close-up, medium, wide or above."""
    mood: str
    """Palette, contrast, light and the expression of faces."""

    @classmethod
    def from_indices(cls, indices: NDArray[np.integer[Any]]) -> Labels:
        """Labels from ``(7,)`` class numbers in the order of ``FIELDS``."""
        return cls(*(NAMES[f][int(i)] for f, i in zip(FIELDS, indices, strict=True)))

    def indices(self) -> NDArray[np.uint8]:
        """``(7,)`` class numbers in the order of ``FIELDS``."""
        return np.array([NAMES[f].index(getattr(self, f)) for f in FIELDS], dtype=np.uint8)


def random_indices(rng: np.random.Generator, count: int) -> NDArray[np.uint8]:
    """``(count, 7)`` class numbers drawn with the shares of the vocabulary."""
    columns = [rng.choice(len(CLASSES[f]), size=count, p=shares(f)) for f in FIELDS]
    return np.stack(columns, axis=1).astype(np.uint8)
