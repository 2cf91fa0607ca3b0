"""Musicians and their instruments."""

from __future__ import annotations

import math
from dataclasses import replace

import skia

from songreel_animatic.composition import Subject
from songreel_animatic.drawing.colours import Colour, hexed
from songreel_animatic.drawing.paths import curve, limb, oval, polygon
from songreel_animatic.drawing.pen import Pen
from songreel_animatic.people.appearance import appearance_of
from songreel_animatic.people.body import joints
from songreel_animatic.people.figure import hand_of
from songreel_animatic.people.person import motion_at, person
from songreel_animatic.scene.layer import Layer
from songreel_animatic.scene.setting import Setting

_WOODS = tuple(map(hexed, ("#b5622e", "#8c3f26", "#d9a24e", "#7a2f3a", "#2f4f6b")))


def draw_guitar(pen: Pen, wood: Colour, strum: float) -> None:
    """Around the middle of its body, the neck to the left; 30 units long in a body of 100."""
    pen.fill(
        curve(
            [(-9, -4.6), (-4, -6.6), (0.5, -4.6), (5, -7.2), (10, -4.8), (11, 1.6), (7, 6.8), (1, 5.2), (-4, 6.4), (-9, 4.0), (-10.4, 0)],
            closed=True,
        ),
        wood,
    )  # fmt: skip
    pen.fill(oval(-1.4, 0, 2.7, 2.7), wood.darker(0.7), shade=0.0, outline=0.3)
    neck = hexed("#4a3022")
    pen.fill(polygon([(-9, -1.2), (-31, -1.0), (-31, 1.0), (-9, 1.2)]), neck, shade=0.5)
    pen.fill(polygon([(-31, -1.6), (-36, -2.2), (-36, 2.0), (-31, 1.6)]), neck.darker(0.2), shade=0.3)
    pen.fill(polygon([(5, -2.2), (6.2, -2.2), (6.2, 2.2), (5, 2.2)]), neck, shade=0.0)
    for k in range(3):
        y = -0.7 + 0.7 * k
        swing = 0.5 * strum * math.sin(2.1 * k)
        pen.line(curve([(-31, y), (-10, y + swing), (5.5, y)]), hexed("#f4e7c8"), 0.16)


def musician(setting: Setting, subject: Subject, index: int) -> list[Layer]:
    """Somebody who plays the guitar: the hand strums on the middle band."""
    player = replace(subject, action="play")
    looks = appearance_of(subject.kind, subject.seed, subject.clothes)
    tall = setting.figure_height(subject) * looks.build.height
    wood = _WOODS[subject.seed % len(_WOODS)]

    def instrument(pen: Pen, t: float) -> None:
        body = joints(motion_at(setting, player, t).now, looks.build)
        pen.canvas.save()
        pen.canvas.translate(setting.x(subject), setting.ground)
        pen.canvas.scale(tall / 100.0, tall / 100.0)
        left, right = hand_of(body.left_arm), hand_of(body.right_arm)
        middle = (body.hips[0] + 1.5, body.hips[1] - 7.5)
        turn = math.atan2(left[1] - middle[1], left[0] - middle[0]) - math.pi
        strap = [
            (body.left_arm.root[0] + 1, body.left_arm.root[1] - 1),
            (body.chest[0] + 3, body.chest[1] + 10),
            (middle[0] + 8, middle[1] - 3),
        ]
        pen.line(curve(strap), hexed("#3a2a2a"), 1.3)
        pen.canvas.save()
        pen.canvas.translate(*middle)
        pen.canvas.rotate(math.degrees(turn))
        draw_guitar(pen, wood, setting.music.band("mid", t))
        pen.canvas.restore()
        _forearm_over(pen, looks.skin, looks.upper if looks.sleeves > 0.5 else looks.skin, body.right_arm.middle, right)
        pen.canvas.restore()

    return [*person(setting, player, index), Layer(0.735 + 0.01 * index, instrument, subject=index)]


def _forearm_over(
    pen: Pen, skin: Colour, cloth: Colour, elbow: tuple[float, float], hand: tuple[float, float]
) -> None:
    """The strumming arm once more, before the guitar."""
    wrist = (elbow[0] + (hand[0] - elbow[0]) * 0.84, elbow[1] + (hand[1] - elbow[1]) * 0.84)
    pen.fill(oval(hand[0], hand[1], 2.1, 2.9), skin, shade=0.5)
    pen.fill(limb([elbow, wrist], [5.6, 4.2]), cloth)


def guitar(setting: Setting, subject: Subject, index: int) -> list[Layer]:
    """A guitar by itself; it rocks and its strings swing."""
    wood = _WOODS[subject.seed % len(_WOODS)]
    size = setting.figure_height(subject) * (0.9 if subject.size else 1.1)

    def draw(pen: Pen, t: float) -> None:
        music = setting.music
        pen.canvas.save()
        pen.canvas.translate(setting.x(subject), setting.foot(subject, 0.7) - 0.36 * size)
        pen.canvas.rotate(58 + 5.0 * math.sin(math.pi * music.beat(t)))
        scale = size / 48.0 * (1.0 + 0.03 * music.band("mid", t))
        pen.canvas.scale(scale, scale)
        draw_guitar(pen, wood, music.band("mid", t) * 2.0)
        pen.canvas.restore()

    return [Layer(0.72 + 0.01 * index, draw, subject=index)]


def piano(setting: Setting, subject: Subject, index: int) -> list[Layer]:
    """A grand piano; its keys go down with the music."""
    size = setting.figure_height(subject) / 640.0

    def draw(pen: Pen, t: float) -> None:
        music = setting.music
        pen.canvas.save()
        pen.canvas.translate(setting.x(subject), setting.foot(subject, 0.6))
        pen.canvas.scale(size, size)
        pen.canvas.translate(0, -16.0 * music.pulse(t, 6.0) * music.energy(t))
        pen.canvas.rotate(1.2 * math.sin(math.pi * music.beat(t)))
        black = hexed("#221d2b")
        for x in (-210.0, 60.0, 205.0):
            pen.fill(limb([(x, -170), (x - 4, -8)], [26, 14]), black)
        lid = curve([(-250, -300), (-180, -520), (60, -560), (235, -470), (250, -300)], closed=True, tension=0.35)
        pen.fill(lid, black.paler(0.06))
        pen.line(curve([(120, -300), (170, -440)]), hexed("#c9a86a"), 6)
        pen.fill(curve([(-270, -300), (265, -300), (262, -180), (140, -158), (-262, -168)], closed=True, tension=0.25), black)
        board = polygon([(-262, -262), (96, -262), (88, -226), (-258, -226)])
        pen.fill(board, hexed("#f6f1e4"), shade=0.2)
        for k in range(21):
            x = -260 + 17 * k
            down = 7.0 * max(0.0, music.band("mid", t - 0.03 * (k % 4)) - 0.35) * ((k * 7) % 5 < 2)
            pen.line(curve([(x, -262), (x + 0.4, -226)]), hexed("#8d8578"), 1.4)
            if k % 7 not in (2, 6):
                pen.canvas.drawPath(polygon([(x + 11, -263 + down), (x + 21, -263 + down), (x + 20, -243 + down), (x + 11, -243 + down)]), pen.paint(black))
        pen.canvas.restore()

    return [Layer(0.72 + 0.01 * index, draw, subject=index)]


def drums(setting: Setting, subject: Subject, index: int) -> list[Layer]:
    """A drum kit: the bass drum jumps on the low band, cymbals swing on the high one."""
    size = setting.figure_height(subject) / 640.0

    def drum(pen: Pen, x: float, y: float, rx: float, tall: float, tone: Colour, hit: float) -> None:
        side = skia.Path()
        side.addRect(skia.Rect(x - rx, y, x + rx, y + tall))
        side.addOval(skia.Rect(x - rx, y + tall - rx * 0.28, x + rx, y + tall + rx * 0.28))
        pen.fill(skia.Simplify(side) or side, tone)
        pen.fill(oval(x, y + 3 * hit, rx, rx * 0.28), hexed("#f4efe2"), shade=0.2)

    def draw(pen: Pen, t: float) -> None:
        music = setting.music
        low, middle, high = (music.band(name, t) for name in ("low", "mid", "high"))
        kick = music.pulse(t, 6.0) * music.energy(t)
        red = hexed("#b3263a")
        pen.canvas.save()
        pen.canvas.translate(setting.x(subject), setting.foot(subject, 0.6))
        pen.canvas.scale(size * (1.0 + 0.02 * kick), size * (1.0 - 0.03 * kick))
        pen.canvas.translate(5.0 * math.sin(math.pi * music.beat(t)), 0.0)
        steel = hexed("#8b93a5")
        for x, lean in ((-250.0, -0.1), (260.0, 0.1)):
            pen.fill(limb([(x, -5), (x + 60 * lean, -430)], [9, 7]), steel, shade=0.3)
            tilt = 9 * high * math.sin(9.0 * t + x)
            pen.canvas.save()
            pen.canvas.translate(x + 60 * lean, -434)
            pen.canvas.rotate(tilt + 8 * lean * 10)
            pen.fill(oval(0, 0, 108, 17), hexed("#e2b84e"), shade=0.6)
            pen.canvas.restore()
        drum(pen, -105, -380, 78, 70, red, middle)
        drum(pen, 92, -380, 78, 70, red, middle)
        bounce = 1.0 + 0.035 * low
        pen.fill(oval(0, -150, 150 * bounce, 150 * bounce), red)
        pen.fill(oval(0, -150, 128 * bounce, 128 * bounce), hexed("#f2ead8"), shade=0.4)
        pen.fill(oval(0, -150, 40 * bounce, 40 * bounce), red.darker(0.2), shade=0.0)
        drum(pen, -215, -235, 80, 56, red.darker(0.12), middle)
        drum(pen, 222, -210, 92, 120, red.darker(0.12), low)
        pen.canvas.restore()

    return [Layer(0.72 + 0.01 * index, draw, subject=index)]
