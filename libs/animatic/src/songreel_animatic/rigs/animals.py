"""Animals: birds and dogs."""

from __future__ import annotations

import math

from songreel_animatic.composition import Subject
from songreel_animatic.drawing.colours import hexed
from songreel_animatic.drawing.paths import curve, limb, oval, polygon
from songreel_animatic.drawing.pen import Pen
from songreel_animatic.music import accented
from songreel_animatic.scene.layer import Layer
from songreel_animatic.scene.setting import Setting

_FEATHERS = tuple(map(hexed, ("#f4f1ea", "#3f6fa8", "#c94f43", "#f0b23f", "#4a4f63")))
_COATS = tuple(map(hexed, ("#b0713d", "#e3c28f", "#4b3a33", "#d8d2c6", "#8a5a3c")))


def bird(setting: Setting, subject: Subject, index: int) -> list[Layer]:
    """A flying bird, a beat of its wings on every beat, and two more behind it."""
    tone = _FEATHERS[subject.seed % len(_FEATHERS)]
    size = setting.figure_height(subject) * 0.42

    def one(pen: Pen, t: float, x: float, y: float, scale: float) -> None:
        music = setting.music
        turn = 2.0 * math.pi * accented(music.beat(t), 0.5)
        flap = math.cos(turn)
        pen.canvas.save()
        pen.canvas.translate(x, y + 0.10 * size * scale * math.sin(turn))
        pen.canvas.scale(size * scale / 100.0 * (-1 if subject.facing == "left" else 1), size * scale / 100.0)
        pen.canvas.rotate(-6)
        for depth, dark in ((0.85, 0.18), (1.0, 0.0)):
            tip_y = -92.0 * flap * depth
            wing = curve([(-22, -6), (-8, -8 + tip_y * 0.45), (-34, tip_y), (-58, tip_y * 0.86 + 14), (-44, tip_y * 0.35 + 8), (14, 6)], closed=True, tension=0.5)
            if depth < 1.0:
                pen.fill(wing, tone.darker(dark + 0.1))
                pen.fill(polygon([(-52, -6), (-98, -20), (-92, 2), (-100, 14), (-50, 10)]), tone.darker(0.12))
                pen.fill(curve([(-60, 0), (-28, -20), (22, -22), (54, -10), (52, 6), (18, 20), (-30, 16)], closed=True), tone)
                pen.fill(oval(52, -14, 20, 18), tone)
                pen.fill(polygon([(68, -18), (92, -9), (68, -4)]), hexed("#f0a030"), shade=0.4)
                pen.canvas.drawCircle(58, -18, 3.6, pen.paint(hexed("#20202a")))
            else:
                pen.fill(wing, tone.darker(0.06))
        pen.canvas.restore()

    def draw(pen: Pen, t: float) -> None:
        part = (t - setting.start) / max(0.1, setting.end - setting.start) - 0.5
        way = -1.0 if subject.facing == "left" else 1.0
        x = setting.x(subject) + way * part * 0.4 * setting.width
        y = 400.0 - 30.0 * math.sin(math.pi * setting.music.bar(t))
        for dx, dy, scale in ((-0.95, -0.42, 0.55), (-0.7, 0.5, 0.7)):
            one(pen, t + 0.17 * scale, x + way * dx * size * 1.5, y + dy * size, scale)
        one(pen, t, x, y, 1.0)

    return [Layer(0.72 + 0.01 * index, draw, subject=index)]


def dog(setting: Setting, subject: Subject, index: int) -> list[Layer]:
    """A dog that trots on the beat, wags its tail twice as fast and barks on accents."""
    coat = _COATS[subject.seed % len(_COATS)]
    size = setting.figure_height(subject) * 0.62

    def draw(pen: Pen, t: float) -> None:
        music = setting.music
        turn = math.pi * music.beat(t) * 2.0
        bounce = 2.6 * abs(math.sin(turn))
        wag = math.sin(2.0 * turn) * (0.35 + 0.35 * music.energy(t))
        bark = max(0.0, music.band("mid", t) - 0.5) * 2.0
        pen.canvas.save()
        pen.canvas.translate(setting.x(subject), setting.foot(subject, 0.5))
        pen.canvas.scale(size / 100.0 * (-1 if subject.facing == "left" else 1), size / 100.0)
        pen.canvas.drawPath(oval(0, 1, 52, 5), pen.paint(hexed("#1a1430"), 0.3))
        y = -46.0 - bounce
        for x, phase, dark in ((-27, 0.0, 0.25), (27, math.pi, 0.25), (-20, math.pi, 0.0), (33, 0.0, 0.0)):
            swing = math.sin(turn + phase)
            knee = (x + 9.0 * swing, y + 26)
            foot = (x + 17.0 * swing - 3, -3.0 - 7.0 * max(0.0, math.cos(turn + phase)))
            pen.fill(limb([(x, y + 6), knee, foot], [15, 11, 8]), coat.darker(dark))
            pen.fill(oval(foot[0] + 3, foot[1] + 1, 7, 4), coat.darker(dark + 0.05))
        base = (-42.0, y - 6)
        pen.fill(limb([base, (-58, y - 24), (-62 - 16 * wag, y - 46)], [11, 9, 5]), coat)
        pen.fill(curve([(-46, y - 8), (-30, y - 18), (10, y - 17), (40, y - 20), (48, y - 2), (36, y + 16), (0, y + 12), (-34, y + 18)], closed=True), coat)
        pen.fill(limb([(38, y - 8), (52, y - 34)], [24, 18]), coat)
        hx, hy = 58.0, y - 44.0
        pen.fill(curve([(hx - 18, hy - 12), (hx + 2, hy - 19), (hx + 18, hy - 8), (hx + 38, hy - 2), (hx + 40, hy + 7), (hx + 14, hy + 15), (hx - 12, hy + 14)], closed=True), coat.paler(0.06))
        pen.fill(curve([(hx + 6, hy + 10), (hx + 34, hy + 8 + 2 * bark), (hx + 26, hy + 15 + 9 * bark), (hx + 4, hy + 17)], closed=True), coat.darker(0.15))
        pen.fill(curve([(hx - 16, hy - 14), (hx - 2, hy - 17), (hx - 8, hy + 14 + 4 * math.sin(turn)), (hx - 22, hy + 12 + 4 * math.sin(turn))], closed=True), coat.darker(0.3))
        pen.canvas.drawCircle(hx + 9, hy - 6, 3.2, pen.paint(hexed("#221b1e")))
        pen.fill(oval(hx + 40, hy - 1, 4.6, 3.6), hexed("#221b1e"), shade=0.0)
        pen.line(curve([(44, y - 24), (52, y - 16), (62, y - 20)]), hexed("#c8342f"), 4)
        pen.canvas.restore()

    return [Layer(0.72 + 0.01 * index, draw, subject=index)]
