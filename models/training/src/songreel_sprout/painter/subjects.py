"""Subjects in front: people by framing, couples and crowds."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

from songreel_sprout.painter.appearance import appearance_of
from songreel_sprout.painter.canvas import hsv, mix
from songreel_sprout.painter.instruments import drums, guitar, piano
from songreel_sprout.painter.nature import bird, dog, flower, heart, star, tree
from songreel_sprout.painter.overhead import ABOVE_FOOT, crowd_above
from songreel_sprout.painter.people import figure
from songreel_sprout.painter.plants import Scene
from songreel_sprout.painter.portrait import portrait
from songreel_sprout.painter.things import boat, car, house

PEOPLE: Final = ("woman", "man", "child", "couple", "dancer", "musician")


def person(s: Scene) -> None:
    """One person: a portrait or a whole figure."""
    k, kind = s.k, s.labels.subject
    who = appearance_of(s, kind)
    role = kind if kind in ("dancer", "musician") else ""
    if s.labels.framing == "close-up":
        r = (0.25 if not role else 0.2) * (0.9 + 0.25 * k.subject_scale)
        x = 0.5 + 0.2 * (k.subject_x - 0.5)
        portrait(s, who, (x, 0.47 if role != "musician" else 0.4), r, role)
        return
    tall, foot, span = {
        "medium": (0.78, 0.955, 0.4),
        "wide": (0.42, 0.9, 0.64),
        "above": (0.56, ABOVE_FOOT, 0.3),
    }[s.labels.framing]
    if who.child:
        tall *= 0.72
    figure(
        s, who, 0.5 + span * (k.subject_x - 0.5), foot, tall * (0.92 + 0.16 * k.subject_scale), role
    )


def couple(s: Scene) -> None:
    """A woman and a man side by side."""
    k = s.k
    her, him = appearance_of(s, "woman"), appearance_of(s, "man", other=True)
    x = 0.5 + 0.16 * (k.subject_x - 0.5)
    if s.labels.framing == "close-up":
        r = 0.185 * (0.92 + 0.16 * k.subject_scale)
        portrait(s, him, (x + 0.2, 0.42), r * 1.03, flip=-1.0)
        portrait(s, her, (x - 0.19, 0.5), r)
        return
    tall, foot = {"medium": (0.76, 0.955), "wide": (0.42, 0.9), "above": (0.54, ABOVE_FOOT)}[
        s.labels.framing
    ]
    tall *= 0.92 + 0.16 * k.subject_scale
    x = 0.5 + (0.2 if tall > 0.6 else 0.5) * (k.subject_x - 0.5)
    figure(s, him, x + 0.15 * tall, foot, tall, flip=-1.0)
    figure(s, her, x - 0.15 * tall, foot, tall * 0.92)


def crowd(s: Scene) -> None:
    """Rows of people seen from behind, arms up when the mood is glad."""
    c, k = s.canvas, s.k
    if s.labels.framing == "above":
        crowd_above(s)
        return
    rows, size = {"close-up": (2, 0.105), "medium": (3, 0.07), "wide": (3, 0.045)}[s.labels.framing]
    for row in range(rows):
        near = (row + 1) / rows
        r = size * (0.7 + 0.3 * near)
        y = 0.97 - (rows - 1 - row) * 1.9 * size
        c.depth = 0.5 + 0.5 * near
        count = int(1.15 / (2.7 * r)) + 1
        for i in range(count):
            x = (i + 0.5 * (row % 2)) / (count - 0.6) + 0.12 * (k.subject_x - 0.5)
            seed = math.sin(12.9 * i + 7.1 * row)
            hue = k.cloth_hue + 0.31 * i + 0.17 * row
            coat = mix(s.thing(hsv(hue, 0.55, 0.74)), (24, 20, 44), 0.1 + 0.2 * near)
            hair = mix(s.thing(hsv(0.07, 0.5, 0.35 + 0.35 * abs(seed))), (20, 16, 34), 0.15 * near)
            top = y + 0.25 * r * seed
            if s.labels.mood in ("joyful", "tense") and (i + row) % 2 == 0:
                for e in (-1, 1):
                    c.limb(
                        [
                            (x + 0.9 * e * r, top + 1.6 * r),
                            (x + (1.3 + 0.3 * k.pose_a) * e * r, top - 1.7 * r),
                        ],
                        0.5 * r,
                        coat,
                        outline=4,
                    )
            c.poly(
                [
                    (x - 1.3 * r, top + 3.4 * r),
                    (x - 1.15 * r, top + 1.3 * r),
                    (x - 0.5 * r, top + 0.9 * r),
                    (x + 0.5 * r, top + 0.9 * r),
                    (x + 1.15 * r, top + 1.3 * r),
                    (x + 1.3 * r, top + 3.4 * r),
                ],
                coat,
                outline=4,
            )
            c.ellipse((x, top), 0.72 * r, 0.86 * r, hair, outline=4)


SUBJECTS: Final[dict[str, Callable[[Scene], None]]] = {
    "woman": person, "man": person, "child": person, "dancer": person, "musician": person,
    "couple": couple, "crowd": crowd, "bird": bird, "dog": dog, "boat": boat, "car": car,
    "house": house, "tree": tree, "flower": flower, "heart": heart,
    "star": star, "guitar": guitar, "piano": piano, "drums": drums,
}  # fmt: skip
