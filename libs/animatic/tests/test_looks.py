"""Looks: different from each other, the same every time, and calm where nothing moves."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from songreel_animatic import Animatic, Composition, Shot, Subject
from songreel_animatic.looks import LOOKS, find_look

from .songs import clicks

SUBJECTS = (Subject("woman", action="dance", seed=3),)


def drawn(look: str, t: float, width: int = 128, height: int = 72) -> NDArray[np.uint8]:
    composition = Composition(place="beach", time="sunset", look=look, subjects=SUBJECTS, seed=2)
    return Animatic([Shot(0.0, 6.0, composition)], clicks(), width, height).picture(t)


def test_no_two_looks_are_alike() -> None:
    pictures = {name: drawn(name, 1.0).astype(float) for name in LOOKS}
    for name, picture in pictures.items():
        others = [np.abs(picture - other).mean() for key, other in pictures.items() if key != name]
        assert min(others) > 4.0, name


@pytest.mark.parametrize("look", sorted(LOOKS))
def test_a_look_draws_every_shape_and_the_same_moment_the_same(look: str) -> None:
    for width, height in ((72, 128), (64, 64)):
        picture = drawn(look, 1.5, width, height)
        assert picture.shape == (height, width, 3)
        assert np.array_equal(picture, drawn(look, 1.5, width, height))


@pytest.mark.parametrize("look", sorted(LOOKS))
def test_what_stands_still_does_not_crawl(look: str) -> None:
    """Sand in the corner, from a frame to the next: brushes may change it, noise must not."""
    composition = Composition(place="meadow", look=look, camera="none", seed=2)
    film = Animatic([Shot(0.0, 60.0, composition)], clicks(), 160, 90)
    one, other = (film.picture(t)[:20, :40].astype(float) for t in (2.55, 2.55 + 1 / 24))
    assert np.abs(one - other).mean() < 6.0


def test_figures_are_seen_in_every_look() -> None:
    """A dancer is told from the beach behind, however it is drawn."""
    for look in LOOKS:
        composition = Composition(place="beach", time="sunset", look=look, seed=2)
        empty = Animatic([Shot(0.0, 6.0, composition)], clicks(), 128, 72).picture(1.0)
        changed = np.abs(drawn(look, 1.0).astype(int) - empty).max(axis=2) > 30
        assert changed.mean() > 0.02, look


def test_an_unknown_look_is_flat() -> None:
    assert find_look("mosaic") is LOOKS["flat"]
