"""Emotion by cross-validation on DEAM, beside a linear model of the same librosa features."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from songreel_audio.emotion import deam, training
from songreel_kit.errors import InvalidRequest

from bench.audio.rows import NONE, Row, absent, at_least

Doubles = NDArray[np.float64]
WHAT = "emotion, 10-fold CV on DEAM: "
MEASURED = 9
"""The first columns are the measured features; the others spread the scale over yes and no."""


def cross_validated(data: Path) -> Iterator[Row]:
    """Rows of the own features; librosa's column is least squares on the features as they are."""
    try:
        songs = deam.librosa_data(data / "deam", "features")
    except InvalidRequest as error:
        yield absent(WHAT + "r valence", ">= 0.65", error.message)
        return
    score = training.train("librosa", (), songs.features, songs.targets).score
    plain = _least_squares(songs.features[:, :MEASURED], songs.targets)
    for place, name, target in ((0, "valence", 0.65), (1, "arousal", 0.66)):
        other = float(np.corrcoef(plain[:, place], songs.targets[:, place])[0, 1])
        yield at_least(f"{WHAT}r {name}", target, score.r[place], other)
    yield Row(
        f"{WHAT}quadrants",
        NONE,
        f"{score.quadrants:.3f} (most frequent {score.majority:.3f})",
        f"{((plain > 0) == (songs.targets > 0)).all(axis=1).mean():.3f}",
    )


def _least_squares(features: Doubles, targets: Doubles) -> Doubles:
    """Judgement of each song by a linear model of the other nine tenths."""
    order = np.random.default_rng(0).permutation(len(features))
    inputs = np.column_stack([features, np.ones(len(features))])
    predicted = np.empty_like(targets)
    for fold in np.array_split(order, training.FOLDS):
        rest = np.setdiff1d(order, fold)
        predicted[fold] = inputs[fold] @ np.linalg.lstsq(inputs[rest], targets[rest], rcond=None)[0]
    return predicted
