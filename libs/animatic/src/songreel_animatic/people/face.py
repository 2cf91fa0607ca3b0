"""A head: face, expression, hair. Drawn around (0, 0), one unit a hundredth of the figure."""

from __future__ import annotations

import math
from dataclasses import dataclass

import skia

from songreel_animatic.drawing.colours import Colour, hexed
from songreel_animatic.drawing.paths import curve, oval
from songreel_animatic.drawing.pen import Pen
from songreel_animatic.people.appearance import Appearance
from songreel_animatic.people.body import HEAD


@dataclass(frozen=True)
class Expression:
    """What a face does at one moment."""

    mouth: float = 0.0
    """0 closed, 1 wide open."""
    smile: float = 0.3
    """-1 sad to 1 laughing."""
    brows: float = 0.0
    """-1 frowning to 1 raised."""
    eyes: float = 1.0
    """0 shut, 1 open."""
    look: float = 0.0
    """Where the face is turned, -1 left to 1 right."""


_WHITE = hexed("#fbf7f0")
_DARK = hexed("#241c28")


def head_back(pen: Pen, looks: Appearance, look: float, swing: float) -> None:
    """Hair behind the head and shoulders."""
    r = HEAD * looks.build.head / 2
    if looks.hairstyle == "long":
        pen.smooth(
            [
                (-0.98 * r, -0.35 * r), (-0.55 * r, -1.05 * r), (0.55 * r, -1.05 * r),
                (0.98 * r, -0.35 * r), (1.12 * r + swing, 1.1 * r), (0.75 * r + swing * 1.5, 2.5 * r),
                (0.0 + swing * 1.8, 2.2 * r), (-0.75 * r + swing * 1.5, 2.5 * r),
                (-1.12 * r + swing, 1.1 * r),
            ],
            looks.hair.darker(0.15),
        )  # fmt: skip
    elif looks.hairstyle == "bob":
        pen.smooth(
            [
                (-1.0 * r, -0.3 * r), (-0.55 * r, -1.05 * r), (0.55 * r, -1.05 * r),
                (1.0 * r, -0.3 * r), (1.22 * r + swing, 0.75 * r), (0.5 * r + swing, 1.2 * r),
                (-0.5 * r + swing, 1.2 * r), (-1.22 * r + swing, 0.75 * r),
            ],
            looks.hair.darker(0.15),
        )  # fmt: skip
    elif looks.hairstyle == "ponytail":
        away = -1.0 if look >= 0 else 1.0
        pen.smooth(
            [
                (away * 0.6 * r, -0.75 * r), (away * 1.35 * r, -0.6 * r),
                (away * 1.55 * r + swing * 2, 0.6 * r), (away * 1.2 * r + swing * 3, 1.7 * r),
                (away * 1.0 * r + swing * 2, 0.5 * r), (away * 0.7 * r, -0.2 * r),
            ],
            looks.hair.darker(0.1),
        )  # fmt: skip
    elif looks.hairstyle == "curly":
        for i in range(11):
            turn = math.pi * (0.95 + 1.1 * i / 10)
            x, y = 0.95 * r * math.cos(turn), 0.9 * r * math.sin(turn) - 0.1 * r
            pen.fill(oval(x + swing * 0.3, y, 0.48 * r, 0.48 * r), looks.hair.darker(0.12), shade=0.5)
    elif looks.hairstyle == "bun":
        pen.fill(oval(-0.15 * r * (1 if look >= 0 else -1), -1.35 * r, 0.48 * r, 0.45 * r), looks.hair)


def head(pen: Pen, looks: Appearance, face: Expression) -> None:
    """The head itself: skin, ears, features, the hair in front."""
    r = HEAD * looks.build.head / 2
    skin = looks.skin
    turn = face.look * 0.30 * r
    jaw = 0.80 if looks.feminine else 0.90
    ear = skin.darker(0.12)
    if face.look < 0.55:
        pen.fill(oval(0.90 * r - abs(turn) * 0.2, 0.12 * r, 0.17 * r, 0.25 * r), ear, shade=0.6)
    if face.look > -0.55:
        pen.fill(oval(-0.90 * r + abs(turn) * 0.2, 0.12 * r, 0.17 * r, 0.25 * r), ear, shade=0.6)
    shape = curve(
        [
            (0.0, -1.02 * r), (0.68 * r, -0.78 * r), (0.91 * r, -0.1 * r), (0.80 * jaw * r + 0.06 * r, 0.55 * r),
            (0.34 * jaw * r + turn * 0.25, 0.96 * r), (turn * 0.3, 1.02 * r),
            (-0.34 * jaw * r + turn * 0.25, 0.96 * r), (-0.80 * jaw * r - 0.06 * r, 0.55 * r),
            (-0.91 * r, -0.1 * r), (-0.68 * r, -0.78 * r),
        ],
        closed=True,
    )  # fmt: skip
    pen.fill(shape, skin, shade=0.75)
    if looks.beard:
        _beard(pen, looks, r, turn, shape)
    _features(pen, looks, face, r, turn)
    _hair_front(pen, looks, face.look, r)


def _features(pen: Pen, looks: Appearance, face: Expression, r: float, turn: float) -> None:
    skin, dark = looks.skin, looks.hair.mix(_DARK, 0.6)
    y = 0.06 * r
    for side in (-1.0, 1.0):
        # The far eye of a turned head is nearer to the nose and narrower.
        near = 1.0 - 0.28 * max(0.0, side * face.look)
        x = side * 0.37 * r * near + turn
        wide, high = 0.155 * r * near, 0.18 * r * face.eyes
        if face.eyes > 0.15:
            eye = oval(x, y, wide, high)
            pen.canvas.drawPath(eye, pen.paint(_WHITE))
            pen.canvas.save()
            pen.canvas.clipPath(eye, skia.ClipOp.kIntersect, True)
            gaze = x + face.look * 0.05 * r
            pen.canvas.drawPath(oval(gaze, y + 0.015 * r, 0.115 * r, 0.15 * r), pen.paint(dark))
            pen.canvas.drawCircle(gaze + 0.04 * r, y - 0.05 * r, 0.035 * r, pen.paint(_WHITE))
            pen.canvas.restore()
            lid = curve([(x - wide * 1.08, y - 0.02 * r), (x, y - high * 1.02), (x + wide * 1.08, y - 0.02 * r)])
            pen.line(lid, dark, (0.075 if looks.feminine else 0.055) * r)
            if looks.feminine:
                lash = curve([(x + side * wide, y - 0.03 * r), (x + side * wide * 1.45, y - 0.12 * r)])
                pen.line(lash, dark, 0.05 * r)
        else:
            shut = curve([(x - wide, y), (x, y + 0.07 * r), (x + wide, y)])
            pen.line(shut, dark, 0.06 * r)
        brow_y = y - 0.33 * r - 0.07 * r * face.brows
        inner = 0.10 * r * min(0.0, face.brows) + 0.05 * r * max(0.0, -face.smile)
        pen.line(
            curve([
                (x - side * 0.19 * r, brow_y - inner + (0.1 * r if face.brows < 0 else 0.0)),
                (x + side * 0.02 * r, brow_y - 0.06 * r), (x + side * 0.22 * r, brow_y + 0.03 * r),
            ]),
            looks.hair.darker(0.2), (0.06 if looks.feminine else 0.085) * r,
        )  # fmt: skip
        blush = skin.mix(hexed("#e8594f"), 0.45)
        pen.canvas.drawPath(oval(x + side * 0.13 * r, 0.42 * r, 0.17 * r, 0.10 * r), pen.paint(blush, 0.35))
    nose = curve([(turn * 1.15 + 0.02 * r, 0.18 * r), (turn * 1.45 + 0.09 * r * (1 if face.look >= 0 else -1), 0.42 * r), (turn * 1.2 - 0.02 * r, 0.45 * r)])
    pen.line(nose, skin.darker(0.35), 0.05 * r)
    _mouth(pen, looks, face, r, turn)


def _mouth(pen: Pen, looks: Appearance, face: Expression, r: float, turn: float) -> None:
    x, y = turn * 1.05, 0.68 * r
    wide = (0.26 + 0.09 * max(0.0, face.smile) - 0.05 * face.mouth) * r
    lift = 0.10 * r * face.smile
    lips = hexed("#b5413f") if looks.feminine else looks.skin.darker(0.45)
    if face.mouth > 0.08:
        open_ = (0.05 + 0.24 * face.mouth) * r
        shape = curve(
            [(x - wide, y - lift), (x, y - lift * 0.2 - open_ * 0.28), (x + wide, y - lift), (x, y + open_)],
            closed=True, tension=0.62,
        )  # fmt: skip
        pen.canvas.drawPath(shape, pen.paint(hexed("#5b1f2a")))
        pen.canvas.save()
        pen.canvas.clipPath(shape, skia.ClipOp.kIntersect, True)
        pen.canvas.drawRect(
            skia.Rect(x - wide, y - lift - open_ * 0.4, x + wide, y - lift * 0.3 + open_ * 0.02), pen.paint(_WHITE)
        )
        pen.canvas.drawPath(oval(x, y + open_ * 0.95, wide * 0.6, open_ * 0.45), pen.paint(hexed("#d9636a")))
        pen.canvas.restore()
        pen.line(shape, lips, 0.055 * r)
    else:
        pen.line(
            curve([(x - wide, y - lift), (x, y + lift * 0.55), (x + wide, y - lift)]), lips,
            (0.085 if looks.feminine else 0.06) * r,
        )  # fmt: skip


def _beard(pen: Pen, looks: Appearance, r: float, turn: float, face: skia.Path) -> None:
    pen.canvas.save()
    pen.canvas.clipPath(face, skia.ClipOp.kIntersect, True)
    pen.smooth(
        [
            (-1.0 * r, 0.15 * r), (-0.72 * r, 0.45 * r), (-0.3 * r + turn, 0.50 * r), (turn, 0.46 * r),
            (0.3 * r + turn, 0.50 * r), (0.72 * r, 0.45 * r), (1.0 * r, 0.15 * r), (0.9 * r, 1.2 * r), (-0.9 * r, 1.2 * r),
        ],
        looks.hair, shade=0.3, outline=0.0,
    )  # fmt: skip
    pen.canvas.restore()


def _hair_front(pen: Pen, looks: Appearance, look: float, r: float) -> None:
    hair: Colour = looks.hair
    part = -0.25 * r if look >= 0 else 0.25 * r
    if looks.hairstyle == "cap":
        cap = looks.accent
        pen.smooth(
            [(-0.97 * r, -0.15 * r), (-0.92 * r, -0.75 * r), (0, -1.22 * r), (0.92 * r, -0.75 * r), (0.97 * r, -0.15 * r), (0, -0.35 * r)],
            cap,
        )  # fmt: skip
        way = 1.0 if look >= 0 else -1.0
        pen.smooth([(way * 0.2 * r, -0.38 * r), (way * 1.45 * r, -0.22 * r), (way * 1.4 * r, -0.08 * r), (way * 0.2 * r, -0.18 * r)], cap.darker(0.25))
        return
    if looks.hairstyle == "short":
        pen.smooth(
            [
                (-0.97 * r, 0.05 * r), (-1.02 * r, -0.55 * r), (-0.6 * r, -1.12 * r), (0.1 * r, -1.26 * r),
                (0.75 * r, -1.05 * r), (1.02 * r, -0.5 * r), (0.97 * r, 0.05 * r), (0.84 * r, -0.3 * r),
                (0.5 * r, -0.58 * r), (part, -0.5 * r), (-0.55 * r, -0.6 * r), (-0.84 * r, -0.3 * r),
            ],
            hair,
        )  # fmt: skip
    elif looks.hairstyle == "curly":
        for i in range(7):
            turn = math.pi * (1.08 + 0.84 * i / 6)
            pen.fill(oval(0.78 * r * math.cos(turn), 0.80 * r * math.sin(turn) - 0.05 * r, 0.36 * r, 0.34 * r), hair, shade=0.5)
    else:
        pen.smooth(
            [
                (-0.99 * r, 0.25 * r), (-1.05 * r, -0.4 * r), (-0.62 * r, -1.1 * r), (0, -1.2 * r),
                (0.62 * r, -1.1 * r), (1.05 * r, -0.4 * r), (0.99 * r, 0.25 * r), (0.80 * r, -0.22 * r),
                (part + 0.35 * r, -0.62 * r), (part, -0.68 * r), (part - 0.35 * r, -0.62 * r), (-0.80 * r, -0.22 * r),
            ],
            hair,
        )  # fmt: skip
