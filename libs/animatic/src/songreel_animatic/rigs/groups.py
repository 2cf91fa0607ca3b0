"""More than one person: couples and crowds."""

from __future__ import annotations

import math
from dataclasses import replace

from songreel_animatic.composition import Subject
from songreel_animatic.drawing.colours import Colour
from songreel_animatic.drawing.paths import curve, limb, oval
from songreel_animatic.drawing.pen import Pen
from songreel_animatic.people.person import person
from songreel_animatic.scene.layer import Layer
from songreel_animatic.scene.setting import Setting

# How far a person of a couple stands from its middle, in heights of a grown person.
_APART = 0.20


def couple(setting: Setting, subject: Subject, index: int) -> list[Layer]:
    """A woman and a man side by side, in the same move, she a little earlier."""
    apart = _APART * setting.figure_height(subject) / setting.width
    layers: list[Layer] = []
    for kind, side in (("man", 1.0), ("woman", -1.0)):
        one = replace(
            subject, kind=kind, x=subject.x + side * apart, seed=2 * subject.seed + (side > 0)
        )
        layers += person(setting, one, index)
    return layers


def crowd(setting: Setting, subject: Subject, index: int) -> list[Layer]:
    """Heads and raised arms from behind, jumping with the music; the nearer the larger."""
    rng = setting.rng(f"crowd {subject.seed}")
    rows: list[Layer] = []
    tones = [Colour(0.16, 0.12, 0.24), Colour(0.12, 0.09, 0.19), Colour(0.07, 0.05, 0.13)]
    for row, tone in enumerate(tones):
        size = 44.0 + 26.0 * row
        y = 840.0 + 95.0 * row
        people = [
            (x * size * 2.15 + rng.uniform(-8, 8), rng.random(), rng.random() < 0.55)
            for x in range(-2, int(setting.width / (size * 2.15)) + 3)
        ]

        def draw(
            pen: Pen,
            t: float,
            people: list[tuple[float, float, bool]] = people,
            size: float = size,
            y: float = y,
            tone: Colour = tone,
        ) -> None:
            music = setting.music
            power = 0.25 + 0.75 * music.energy(t)
            for x, phase, arms in people:
                part = (music.beat(t) + 0.10 * phase) % 1.0
                jump = 4.0 * part * (1.0 - part) * size * 0.55 * power
                sway = 0.10 * size * math.sin(math.pi * music.beat(t) + 6.28 * phase)
                hx, hy = x + sway, y - jump
                if arms:
                    for side in (-1.0, 1.0):
                        bend = 0.35 * math.sin(math.pi * music.beat(t) + side + 6.28 * phase)
                        elbow = (hx + side * size * 0.95, hy + size * 0.35)
                        hand = (hx + side * size * (0.85 + bend), hy - size * 1.35)
                        pen.fill(
                            limb(
                                [(hx + side * size * 0.75, hy + size * 1.5), elbow, hand],
                                [size * 0.34, size * 0.27, size * 0.22],
                            ),
                            tone,
                            shade=0.2,
                        )
                shoulders = [
                    (hx - size * 1.02, y + size * 3.4), (hx - size * 0.95, hy + size * 1.45),
                    (hx - size * 0.3, hy + size * 0.95), (hx + size * 0.3, hy + size * 0.95),
                    (hx + size * 0.95, hy + size * 1.45), (hx + size * 1.02, y + size * 3.4),
                ]  # fmt: skip
                pen.fill(curve(shoulders, closed=True, tension=0.4), tone, shade=0.3)
                pen.fill(oval(hx, hy, size * 0.55, size * 0.66), tone.paler(0.03), shade=0.35)

        rows.append(Layer(0.80 + 0.05 * row, draw, subject=index, haze=0.0))
    return rows
