"""The painter: a pure, smooth function that shows its labels."""

import numpy as np
import pytest
from songreel_sprout.captions.labels import (
    CLASSES,
    FIELDS,
    KNOB_COUNT,
    NAMES,
    Knobs,
    Labels,
    random_indices,
)
from songreel_sprout.painter.painter import paint, paint_array, paint_covered

MIDDLE = Knobs(*([0.45] * KNOB_COUNT))
PLAIN = Labels("cartoon", "beach", "day", "clear", "woman", "close-up", "joyful")


def _array(labels: Labels, knobs: Knobs = MIDDLE) -> np.ndarray:
    return np.asarray(paint(labels, knobs), dtype=np.float64)


def test_a_picture_is_a_pure_function_of_labels_and_knobs() -> None:
    assert np.array_equal(_array(PLAIN), _array(PLAIN))


@pytest.mark.parametrize("field", FIELDS)
def test_every_class_of_every_label_can_be_painted(field: str) -> None:
    for name in NAMES[field]:
        labels = Labels(**{**PLAIN.__dict__, field: name})
        picture = _array(labels)
        assert picture.shape == (256, 256, 3)
        assert picture.std() > 10, f"{field}={name} is nearly blank"


def test_classes_of_a_label_look_different() -> None:
    for field, other in (
        ("style", "sketch"),
        ("place", "city"),
        ("time", "night"),
        ("subject", "man"),
        ("framing", "above"),
    ):
        changed = Labels(**{**PLAIN.__dict__, field: other})
        assert np.abs(_array(PLAIN) - _array(changed)).mean() > 3, field


def test_night_is_darker_than_day_and_sadness_greyer_than_joy() -> None:
    night = Labels(**{**PLAIN.__dict__, "time": "night"})
    assert _array(night).mean() < _array(PLAIN).mean() - 20
    sad = Labels(**{**PLAIN.__dict__, "mood": "sad"})
    assert np.ptp(_array(sad), axis=2).mean() < np.ptp(_array(PLAIN), axis=2).mean()


def test_near_knobs_give_near_pictures() -> None:
    rng = np.random.default_rng(3)
    changes: list[float] = []
    for row in random_indices(rng, 24):
        knobs = rng.random(KNOB_COUNT)
        near = np.clip(knobs + 0.004 * rng.standard_normal(KNOB_COUNT), 0, 1)
        a, b = paint_array(row, knobs).astype(float), paint_array(row, near).astype(float)
        changes.append(float(np.abs(a - b).mean()))
    assert np.median(changes) < 4
    assert max(changes) < 25


def test_labels_survive_the_way_through_indices() -> None:
    assert Labels.from_indices(PLAIN.indices()) == PLAIN


def test_shares_and_words_are_complete() -> None:
    for field in FIELDS:
        assert all(c.weight > 0 and c.words for c in CLASSES[field])
    first = [c.words[0] for c in CLASSES["place"]]
    assert len(set(first)) == len(first)


def test_the_cover_is_where_the_subject_is() -> None:
    heart = Labels("cartoon", "desert", "day", "clear", "heart", "medium", "joyful")
    picture, cover = paint_covered(heart, MIDDLE)
    assert cover.shape == (32, 32)
    red = np.asarray(picture.reduce(8), dtype=np.float64)[cover > 200]
    assert len(red) > 30
    assert red[:, 0].mean() > red[:, 1].mean() + 60
    bare = Labels(**{**heart.__dict__, "subject": "none"})
    assert not paint_covered(bare, MIDDLE)[1].any()


@pytest.mark.parametrize("place", NAMES["place"])
def test_from_above_the_ground_fills_the_picture(place: str) -> None:
    day = Labels("cartoon", place, "day", "clear", "none", "above", "neutral")
    wide = Labels(**{**day.__dict__, "framing": "wide"})
    night = Labels(**{**day.__dict__, "time": "night"})
    assert np.abs(_array(day) - _array(wide)).mean() > 25
    assert _array(night).mean() < _array(day).mean() - (12 if place == "stage" else 20)
    top = _array(day)[:40]
    # By day a sky would be far bluer than it is green.
    if place not in ("beach", "lake", "stage", "city"):
        assert top[..., 2].mean() < top[..., 1].mean() + 20


def test_from_above_a_subject_is_smaller_and_throws_a_shadow_to_one_side() -> None:
    medium = Labels("cartoon", "desert", "day", "clear", "man", "medium", "neutral")
    above = Labels(**{**medium.__dict__, "framing": "above"})
    upright, cover = (paint_covered(labels, MIDDLE)[1] > 128 for labels in (medium, above))
    assert np.ptp(np.flatnonzero(cover.any(axis=1))) < np.ptp(np.flatnonzero(upright.any(axis=1)))
    beside = np.flatnonzero(cover[22:27].any(axis=0))
    assert beside.max() - 16 > 2 * (16 - beside.min())


@pytest.mark.parametrize("framing", NAMES["framing"])
@pytest.mark.parametrize("subject", ["star", "guitar", "piano", "drums"])
def test_a_thing_fills_its_share_of_the_frame(subject: str, framing: str) -> None:
    labels = Labels("realistic", "desert", "day", "clear", subject, framing, "neutral")
    cover = paint_covered(labels, MIDDLE)[1] > 128
    least = {"close-up": 0.2, "medium": 0.08, "wide": 0.025, "above": 0.06}[framing]
    assert least < cover.mean() < (0.9 if framing == "close-up" else 0.5)
    if framing != "close-up":
        assert not cover[0].any()


def test_a_star_is_yellow_and_a_guitar_brown() -> None:
    for subject in ("star", "guitar"):
        labels = Labels("realistic", "desert", "day", "clear", subject, "close-up", "neutral")
        picture, cover = paint_covered(labels, MIDDLE)
        red, green, blue = np.asarray(picture.reduce(8), dtype=float)[cover > 200].mean(axis=0)
        assert red > green > blue + 20, subject
