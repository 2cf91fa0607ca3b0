"""Training of the emotion network: bagged two-layer networks, by plain numpy."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from songreel_audio.emotion.network import Layer, Network, activation

Doubles = NDArray[np.float64]
Rows = NDArray[np.int64]

FOLDS = 10


@dataclass(frozen=True)
class Recipe:
    """How the networks are trained. The defaults were chosen by cross-validation on DEAM."""

    members: int = 8
    hidden: int = 64
    epochs: int = 80
    batch: int = 128
    rate: float = 0.008
    decay: float = 0.3
    """Weight decay, decoupled (AdamW)."""
    dropout: float = 0.2
    noise: float = 0.2
    """Standard deviation of what is added to the scaled inputs: the strongest regulariser."""
    seed: int = 0


@dataclass(frozen=True)
class Score:
    """How well songs that were not trained on are judged; pairs are valence, arousal."""

    r: tuple[float, float]
    """Pearson's correlation over all songs, each judged by networks that never saw it."""
    r2: tuple[float, float]
    """Share of the variance explained."""
    error: tuple[float, float]
    """Root mean square error on the scale of [-1, 1]."""
    quadrants: float
    """Share of songs in the right quadrant."""
    majority: float
    """The same for always naming the most frequent one."""
    songs: int

    def table(self) -> str:
        """Lines to print."""
        return "\n".join(
            [
                f"{FOLDS}-fold cross-validation on {self.songs} songs",
                f"{'':18}{'valence':>9}{'arousal':>9}",
                f"{'correlation r':18}{self.r[0]:9.3f}{self.r[1]:9.3f}",
                f"{'R2':18}{self.r2[0]:9.3f}{self.r2[1]:9.3f}",
                f"{'RMS error':18}{self.error[0]:9.3f}{self.error[1]:9.3f}",
                f"quadrant accuracy {self.quadrants:.3f} (always the most frequent: "
                f"{self.majority:.3f})",
            ]
        )


@dataclass(frozen=True)
class Trained:
    """A network and how well its kind did in cross-validation."""

    network: Network
    score: Score


def train(
    extractor: str,
    names: tuple[str, ...],
    features: Doubles,
    targets: Doubles,
    *,
    recipe: Recipe | None = None,
    note: Callable[[Score], str] = lambda score: "",
) -> Trained:
    """Trains on `features` (songs, inputs) and `targets` (songs, 2) in [-1, 1].

    First in folds, for the score and the error that the network will state; then on all.
    At least 20 songs are needed (`ValueError`).
    """
    recipe = recipe or Recipe()
    songs = len(features)
    if songs < 2 * FOLDS:
        raise ValueError(f"{songs} songs are too few to train on; give at least {2 * FOLDS}")
    order = np.random.default_rng(recipe.seed).permutation(songs)
    folds = np.array_split(order, FOLDS)
    predicted = np.empty_like(targets)
    known = [np.setdiff1d(order, fold) for fold in folds]
    for fold, rows in zip(folds, known, strict=True):
        network = _fit(extractor, names, features[rows], targets[rows], recipe)
        predicted[fold] = network.predict(features[fold])[0]
    score = _score(predicted, targets)
    network = _fit(extractor, names, features, targets, recipe, np.array(score.error), note(score))
    return Trained(network, score)


def _score(predicted: Doubles, targets: Doubles) -> Score:
    error = predicted - targets
    quadrant = (targets > 0) @ np.array([1, 2])
    r = [float(np.corrcoef(predicted[:, i], targets[:, i])[0, 1]) for i in (0, 1)]
    r2 = 1 - (error**2).sum(axis=0) / ((targets - targets.mean(axis=0)) ** 2).sum(axis=0)
    rms = np.sqrt((error**2).mean(axis=0))
    return Score(
        r=(r[0], r[1]),
        r2=(float(r2[0]), float(r2[1])),
        error=(float(rms[0]), float(rms[1])),
        quadrants=float(((predicted > 0) == (targets > 0)).all(axis=1).mean()),
        majority=float(np.bincount(quadrant).max() / len(quadrant)),
        songs=len(targets),
    )


def _fit(
    extractor: str,
    names: tuple[str, ...],
    features: Doubles,
    targets: Doubles,
    recipe: Recipe,
    residual: Doubles | None = None,
    note: str = "",
) -> Network:
    middle, spread = features.mean(axis=0), features.std(axis=0)
    # An input that never changes in training must not explode when it does later.
    spread = np.where(spread > 1e-9, spread, 1.0)
    # Inputs of yes and no count half: the steps of a scale are many and would
    # drown what was measured (.004 of correlation on DEAM).
    flags = np.isin(features, (0.0, 1.0)).all(axis=0)
    spread = np.where(flags, 2.0 * spread, spread)
    target_middle, target_spread = targets.mean(axis=0), targets.std(axis=0) + 1e-9
    scaled = np.clip((features - middle) / spread, -4.0, 4.0).astype(np.float32)
    wanted = ((targets - target_middle) / target_spread).astype(np.float32)
    return Network(
        extractor=extractor,
        inputs=names,
        middle=middle,
        spread=spread,
        weights=_descend(scaled, wanted, recipe),
        target_middle=target_middle,
        target_spread=target_spread,
        residual=np.zeros(2) if residual is None else residual,
        note=note,
    )


def _descend(features: Layer, targets: Layer, recipe: Recipe) -> tuple[Layer, ...]:
    """All members at once, each from its own start and in its own order, by AdamW."""
    with threadpool_limits(1):  # on such small matrices threads only wait for each other
        return _steps(features, targets, recipe)


def _steps(features: Layer, targets: Layer, recipe: Recipe) -> tuple[Layer, ...]:
    random = np.random.default_rng(recipe.seed)
    members, songs = recipe.members, len(features)
    sizes = (features.shape[1], recipe.hidden, recipe.hidden, 2)
    weights: list[Layer] = []
    for before, after in pairwise(sizes):
        start = random.standard_normal((members, before, after), np.float32)
        weights += [start / np.float32(before**0.5), np.zeros((members, 1, after), np.float32)]
    means = [np.zeros_like(weight) for weight in weights]
    squares = [np.zeros_like(weight) for weight in weights]
    batches = max(songs // recipe.batch, 1)
    steps = recipe.epochs * batches
    order: Rows = np.tile(np.arange(songs), (members, 1))
    for step in range(steps):
        first = (step % batches) * recipe.batch
        if first == 0:
            order = random.permuted(order, axis=1)
        rows = order[:, first : first + recipe.batch]
        rate = recipe.rate * 0.5 * (1.0 + np.cos(np.pi * step / steps))
        slopes = _slopes(weights, features[rows], targets[rows], recipe, random)
        for index, slope in enumerate(slopes):
            means[index] += 0.1 * (slope - means[index])
            squares[index] += 0.001 * (slope**2 - squares[index])
            size = np.sqrt(squares[index] / (1 - 0.999 ** (step + 1))) + 1e-8
            move = means[index] / (1 - 0.9 ** (step + 1)) / size
            # Biases, at odd places, are not decayed.
            decay = recipe.decay * weights[index] if index % 2 == 0 else 0.0
            weights[index] -= (rate * (move + decay)).astype(np.float32)
    return tuple(weights)


def _slopes(
    weights: list[Layer],
    batch: Layer,
    targets: Layer,
    recipe: Recipe,
    random: np.random.Generator,
) -> list[Layer]:
    """Gradient of each member's mean square error: back-propagation through two layers."""
    w1, b1, w2, b2, w3, b3 = weights
    keep = np.float32(1.0 - recipe.dropout)
    shape = (*batch.shape[:2], recipe.hidden)
    masks = [(random.random(shape, np.float32) < keep) / keep for _ in range(2)]
    noisy = batch + np.float32(recipe.noise) * random.standard_normal(batch.shape, np.float32)
    first, slope1 = activation(noisy @ w1 + b1)
    first = first * masks[0]
    second, slope2 = activation(first @ w2 + b2)
    second = second * masks[1]
    delta3 = 2.0 * (second @ w3 + b3 - targets) / np.float32(batch.shape[1])
    delta2 = (delta3 @ w3.transpose(0, 2, 1)) * masks[1] * slope2
    delta1 = (delta2 @ w2.transpose(0, 2, 1)) * masks[0] * slope1
    slopes: list[Any] = []
    for before, delta in ((noisy, delta1), (first, delta2), (second, delta3)):
        slopes += [before.transpose(0, 2, 1) @ delta, delta.sum(axis=1, keepdims=True)]
    return slopes
