"""Pictures, depth and masks: of the right shape, the same every time, and in agreement."""

from __future__ import annotations

import numpy as np
import pytest
from songreel_animatic import Animatic, Composition, Music, Shot, Subject
from songreel_animatic.composition import FRAMINGS, TIMES, WEATHERS
from songreel_animatic.places import PLACES
from songreel_animatic.rigs import RIGS

from .songs import clicks


def animatic(width: int = 96, height: int = 54, **what: object) -> Animatic:
    return Animatic([Shot(0.0, 6.0, Composition(**what))], clicks(), width, height)


@pytest.mark.parametrize("place", sorted(PLACES))
def test_every_place_is_drawn_at_every_hour_in_every_weather_and_shape(place: str) -> None:
    seen: set[bytes] = set()
    shapes = ((96, 54), (54, 96), (64, 64), (80, 100))
    for number, time in enumerate(TIMES):
        weather, framing = WEATHERS[number], FRAMINGS[number]
        width, height = shapes[number]
        drawn = animatic(width, height, place=place, time=time, weather=weather, framing=framing)
        picture = drawn.picture(1.0)
        assert picture.shape == (height, width, 3)
        assert picture.dtype == np.uint8
        assert picture.std() > 5.0
        seen.add(picture.tobytes())
    assert len(seen) == len(TIMES)


def test_the_same_moment_is_the_same_picture_in_any_order() -> None:
    what = {"place": "beach", "subjects": (Subject("dancer", action="dance", seed=4),)}
    forwards = [animatic(**what).picture(t) for t in (0.5, 1.25, 3.0)]
    drawn = animatic(**what)
    backwards = [drawn.picture(t) for t in (3.0, 1.25, 0.5)]
    for one, other in zip(forwards, reversed(backwards), strict=True):
        assert np.array_equal(one, other)


@pytest.mark.parametrize("kind", sorted(RIGS))
def test_a_subject_has_a_mask_at_its_depth_before_the_background(kind: str) -> None:
    place = {"boat": "beach", "crowd": "stage"}.get(kind, "meadow")
    drawn = animatic(place=place, subjects=(Subject(kind, seed=1),))
    frame = drawn.frame(1.0)
    assert frame.depth.shape == (54, 96)
    assert frame.masks.shape == (1, 54, 96)
    assert 0.0 <= frame.depth.min() <= frame.depth.max() <= 1.0
    (mask,) = frame.masks
    assert mask.mean() > 0.004
    without = animatic(place=place).frame(1.0)
    changed = np.abs(frame.picture.astype(int) - without.picture).max(axis=2) > 12
    # What changed the picture is inside the mask, but for soft light, shadow and edges.
    assert changed[mask].mean() > 0.6


@pytest.mark.parametrize("framing", FRAMINGS)
@pytest.mark.parametrize("kind", sorted(RIGS))
def test_a_subject_is_seen_in_every_framing(kind: str, framing: str) -> None:
    place = {"boat": "lake", "crowd": "stage"}.get(kind, "meadow")
    for width, height in ((96, 54), (54, 96)):
        drawn = animatic(width, height, place=place, framing=framing, subjects=(Subject(kind),))
        assert min(drawn.frame(t).masks[0].mean() for t in (1.5, 3.0, 4.5)) > 0.005


def test_clothes_have_the_colour_that_is_said() -> None:
    red, blue = (
        animatic(subjects=(Subject("man", seed=3, clothes=colour),)).frame(1.0)
        for colour in ("red", "blue")
    )
    mask = red.masks[0]
    warmth = [
        (each.picture[mask].astype(int)[:, 0] - each.picture[mask][:, 2]).mean()
        for each in (red, blue)
    ]
    assert warmth[0] > warmth[1] + 20


def test_two_people_have_masks_that_do_not_meet() -> None:
    subjects = (Subject("woman", x=0.4, seed=1), Subject("man", x=0.5, seed=2))
    masks = animatic(subjects=subjects).frame(0.7).masks
    assert masks[0].any()
    assert masks[1].any()
    assert not (masks[0] & masks[1]).any()


def test_a_small_picture_is_the_large_one_made_smaller() -> None:
    what = {"place": "city", "subjects": (Subject("man", action="walk", seed=2),)}
    large = animatic(256, 144, **what).picture(1.0).astype(float)
    small = animatic(128, 72, **what).picture(1.0).astype(float)
    reduced = large.reshape(72, 2, 128, 2, 3).mean(axis=(1, 3))
    assert np.abs(reduced - small).mean() < 8.0


def test_an_animatic_without_shots_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one shot"):
        Animatic([], Music(1.0), 64, 64)


@pytest.mark.parametrize("place", sorted(PLACES))
def test_a_picture_does_not_depend_on_what_the_memory_held(place: str) -> None:
    """Soft edges that meet once let through what was in the picture's memory before."""
    what = {"place": place, "framing": "wide", "seed": 3}
    first = animatic(64, 64, **what).picture(0.3)
    for _ in range(3):
        junk = np.full((64, 64, 4), 255, dtype=np.uint8)
        del junk
        assert np.array_equal(animatic(64, 64, **what).picture(0.3), first)
