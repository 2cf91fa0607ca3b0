"""Movement: on the beat, for every rig, and without flicker."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.signal import find_peaks
from songreel_animatic import Animatic, Composition, Shot, Subject, motion_between
from songreel_animatic.rigs import RIGS

from .songs import clicks

FPS = 24


def energy(place: str, kind: str, action: str) -> NDArray[np.float64]:
    """Mean change from each frame to the next over six seconds."""
    subject = Subject(kind, action=action, seed=3, facing="right")
    shot = Shot(0.0, 6.0, Composition(place=place, subjects=(subject,), seed=2))
    drawn = Animatic([shot], clicks(), 128, 72)
    frames = [drawn.picture(i / FPS).astype(np.int16) for i in range(6 * FPS)]
    return np.array([np.abs(b - a).mean() for a, b in pairwise(frames)])


def f_measure(found: NDArray[np.float64], true: NDArray[np.float64], within: float = 0.07) -> float:
    precision = np.mean([np.abs(true - x).min() <= within for x in found])
    recall = np.mean([np.abs(found - x).min() <= within for x in true])
    return float(2 * precision * recall / max(1e-9, precision + recall))


@pytest.mark.parametrize(
    ("place", "kind", "action"),
    [
        ("meadow", "dancer", "dance"),
        ("stage", "musician", "play"),
        ("city", "woman", "walk"),
        ("room", "man", "sing"),
        ("lake", "boat", "move"),
        ("stage", "crowd", "cheer"),
    ],
)
def test_movement_peaks_on_the_beat(place: str, kind: str, action: str) -> None:
    change = energy(place, kind, action)
    peaks, _ = find_peaks(change, prominence=0.25 * change.std(), distance=FPS // 5)
    beats = np.array([beat for beat in clicks().beats if 0.2 < beat < 5.8])
    assert f_measure((peaks + 0.5) / FPS, beats) >= 0.85
    rng = np.random.default_rng(0)
    by_chance = [f_measure(rng.uniform(0, 6, len(peaks)), beats) for _ in range(20)]
    assert np.mean(by_chance) < 0.4


@pytest.mark.parametrize("kind", sorted(RIGS))
def test_every_subject_moves(kind: str) -> None:
    """Its own pixels, by more than 2 % of the height in a second."""
    place = {"boat": "beach", "crowd": "stage"}.get(kind, "meadow")
    shot = Shot(0.0, 6.0, Composition(place=place, subjects=(Subject(kind, "dance", seed=1),)))
    drawn = Animatic([shot], clicks(), 192, 108)
    moved = 0.0
    for i in range(0, FPS, 2):
        t = 1.0 + i / FPS
        flow = motion_between(drawn.picture(t), drawn.picture(t + 1 / FPS))
        mask = drawn.scene(0).masks(t)[0]
        moved += 2 * float(np.hypot(flow[..., 0], flow[..., 1])[mask].mean())
    assert moved > 0.02 * 108


def test_what_stands_still_does_not_flicker() -> None:
    """With the camera's own movement at rest, far ground keeps its pixels."""
    shot = Shot(0.0, 6.0, Composition(place="desert", weather="clear"))
    drawn = Animatic([shot], clicks(energy=0.0), 128, 72)
    a, b = drawn.picture(1.0), drawn.picture(1.0 + 1 / FPS)
    assert np.abs(a.astype(int) - b).mean() < 3.0


def test_motion_is_found_to_a_fraction_of_a_pixel() -> None:
    rng = np.random.default_rng(1)
    wide = np.kron(rng.integers(0, 255, (12, 20, 3), dtype=np.uint8), np.ones((8, 8, 1), np.uint8))
    flow = motion_between(wide[:, 8:136], wide[:, 5:133])
    assert np.median(flow[..., 0]) == pytest.approx(3.0, abs=0.3)
    assert np.median(flow[..., 1]) == pytest.approx(0.0, abs=0.3)
