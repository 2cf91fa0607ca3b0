"""Places indoors: room and stage."""

from __future__ import annotations

import math

import skia

from songreel_animatic.drawing.colours import hexed
from songreel_animatic.drawing.paths import curve, limb, oval, polygon
from songreel_animatic.drawing.pen import Pen
from songreel_animatic.places.ground import EDGE
from songreel_animatic.places.sky import falling, sky
from songreel_animatic.scene.layer import Layer
from songreel_animatic.scene.setting import Setting


def room(setting: Setting) -> list[Layer]:
    """A room with a window to the weather outside, a lamp, a picture, a plant."""
    light = setting.light
    evening = light.dark or setting.composition.weather in ("rain", "snow")
    wall = hexed("#d9a78b") if setting.composition.mood in ("joyful", "serene") else hexed("#8c93ac")
    floor = setting.ground - 110.0
    wx = setting.width * (0.30 if setting.composition.seed % 2 else 0.70)
    lx = setting.width - wx

    def outside(pen: Pen, t: float) -> None:
        pen.canvas.save()
        pen.canvas.clipRect(skia.Rect(wx - 190, 150, wx + 190, 560), skia.ClipOp.kIntersect, True)
        for layer in sky(setting) + falling(setting):
            layer.draw(pen, t)
        hill = [(x, 500 + 26 * math.sin(x / 90.0)) for x in range(int(wx) - 260, int(wx) + 300, 40)]
        pen.fill(curve([*hill, (wx + 300, 700), (wx - 300, 700)], closed=True), hexed("#5f8a63"), shade=0.3)
        pen.canvas.restore()

    def walls(pen: Pen, t: float) -> None:
        pen.lit = 0.45
        path = skia.Path()
        path.addRect(skia.Rect(-EDGE, -300, setting.width + EDGE, floor + 8))
        hole = skia.Path()
        hole.addRect(skia.Rect(wx - 180, 160, wx + 180, 550))
        pen.fill(skia.Op(path, hole, skia.PathOp.kDifference_PathOp), wall, shade=0.0, outline=0.0)
        for k in range(-3, int(setting.width / 90) + 5):
            pen.line(curve([(k * 90.0, -200), (k * 90.0, floor)]), wall.darker(0.10), 10, alpha=0.5)
        boards = hexed("#8a5f47")
        pen.fill(polygon([(-EDGE, floor), (setting.width + EDGE, floor), (setting.width + EDGE, 1400), (-EDGE, 1400)]), boards, shade=0.0, outline=0.0)
        for k in range(-9, 10):
            pen.line(curve([(setting.width / 2 + k * 130, floor), (setting.width / 2 + k * 260, 1300)]), boards.darker(0.3), 3)
        pen.fill(polygon([(-EDGE, floor - 24), (setting.width + EDGE, floor - 24), (setting.width + EDGE, floor), (-EDGE, floor)]), wall.paler(0.5), shade=0.0, outline=0.3)
        frame = hexed("#f4ece0")
        for rect in ((wx - 196, 146, wx + 196, 166), (wx - 196, 546, wx + 210, 572), (wx - 196, 146, wx - 176, 560), (wx + 176, 146, wx + 196, 560), (wx - 7, 150, wx + 7, 556), (wx - 186, 342, wx + 186, 354)):
            shape = skia.Path()
            shape.addRect(skia.Rect(*rect))
            pen.fill(shape, frame, shade=0.4, outline=0.5)
        for side in (-1, 1):
            cloth = hexed("#b5485a")
            pen.fill(curve([(wx + side * 150, 116), (wx + side * 262, 116), (wx + side * 268, 640), (wx + side * 196, 650), (wx + side * 214, 380)], closed=True, tension=0.3), cloth)
        pen.fill(limb([(wx - 290, 112), (wx + 290, 112)], [13, 13]), hexed("#6b4a36"))
        self_frame = skia.Path()
        self_frame.addRect(skia.Rect(lx - 70, 190, lx + 90, 320))
        pen.fill(self_frame, hexed("#5a4335"))
        inner = skia.Path()
        inner.addRect(skia.Rect(lx - 56, 204, lx + 76, 306))
        pen.fill(inner, hexed("#e8d9b8"), shade=0.0)
        pen.fill(curve([(lx - 56, 300), (lx - 10, 250), (lx + 30, 284), (lx + 76, 244), (lx + 76, 306), (lx - 56, 306)], closed=True, tension=0.2), hexed("#6d9aa8"), shade=0.0, outline=0.0)
        pen.lit = 1.0

    def lamp(pen: Pen, t: float) -> None:
        x = lx + (150 if lx > setting.width / 2 else -150)
        beat = setting.music.pulse(t, 3.0) * setting.music.energy(t)
        pen.fill(limb([(x, floor + 70), (x, 470)], [9, 7]), hexed("#3b3440"))
        pen.fill(oval(x, floor + 74, 46, 10), hexed("#3b3440"))
        shade_ = polygon([(x - 42, 380), (x + 42, 380), (x + 74, 480), (x - 74, 480)])
        if evening:
            pen.glow(x, 440, 330 + 40 * beat, hexed("#ffbf6b"), 0.62)
            pen.lit = 0.0
        pen.fill(shade_, hexed("#f6d9a0"), shade=0.5)
        pen.lit = 1.0

    def plant(pen: Pen, t: float) -> None:
        x = lx + (-190 if lx > setting.width / 2 else 190)
        sway = 0.06 * math.sin(math.pi * setting.music.beat(t) / 2)
        for k in range(9):
            turn = -1.15 + 0.29 * k + sway * (1 + 0.3 * (k % 3))
            size = 190 + 40 * (k % 3)
            tip = (x + math.sin(turn) * size, floor - 60 - math.cos(turn) * size)
            mid = (x + math.sin(turn) * size * 0.55, floor - 60 - math.cos(turn) * size * 0.62)
            pen.fill(curve([(x - 5, floor - 50), (mid[0] - 17, mid[1]), tip, (mid[0] + 17, mid[1]), (x + 5, floor - 50)], closed=True, tension=0.5), hexed("#4f8a5c").darker(0.12 * (k % 2)), shade=0.5)
        pen.fill(polygon([(x - 60, floor - 64), (x + 60, floor - 64), (x + 46, floor + 42), (x - 46, floor + 42)]), hexed("#c86f4a"))

    return [
        Layer(0.02, outside, haze=0.0), Layer(0.3, walls, still=True, haze=0.0),
        Layer(0.5, plant, haze=0.0), Layer(0.52, lamp, haze=0.0),
    ]  # fmt: skip


_SPOTS = tuple(map(hexed, ("#ff5d8f", "#5dd6ff", "#ffd166", "#a06bff", "#63e6a4")))


def stage(setting: Setting) -> list[Layer]:
    """A stage: light beams sweep and flash with the drums, a crowd's heads below."""
    floor = setting.ground - 70.0
    music = setting.music
    rng = setting.rng("lights")
    lamps = [(k / 7.0, _SPOTS[rng.randrange(5)], rng.random()) for k in range(8)]

    def back(pen: Pen, t: float) -> None:
        top, low = hexed("#120c26"), hexed("#35205c")
        shader = skia.GradientShader.MakeLinear([skia.Point(0, -100), skia.Point(0, floor)], [pen.look.tint(top).argb() if pen.look.tint else top.argb(), pen.look.tint(low).argb() if pen.look.tint else low.argb()])
        pen.canvas.drawRect(skia.Rect(-EDGE, -300, setting.width + EDGE, 1400), skia.Paint(Shader=shader))

    def screen(pen: Pen, t: float) -> None:
        """A wall of bars that shows the bands of the music."""
        pen.lit = 0.0
        bars = 24
        for k in range(bars):
            band = ("low", "mid", "high")[k * 3 // bars]
            level = music.band(band, t - 0.012 * (k % 8)) * (0.6 + 0.4 * math.sin(1.3 * k) ** 2)
            x = setting.width * (0.12 + 0.76 * k / bars)
            tall = 30 + 300 * level
            tone = _SPOTS[0].mix(_SPOTS[1], k / bars)
            shape = skia.Path()
            shape.addRoundRect(skia.Rect(x, floor - 60 - tall, x + setting.width * 0.76 / bars * 0.62, floor - 60), 5, 5)
            pen.canvas.drawPath(shape, pen.paint(tone.darker(0.35), 0.75))
        pen.lit = 1.0

    def boards(pen: Pen, t: float) -> None:
        wood = hexed("#3a2440")
        pen.fill(polygon([(-EDGE, floor), (setting.width + EDGE, floor), (setting.width + EDGE, 1400), (-EDGE, 1400)]), wood, shade=0.0, outline=0.4)
        for k in range(-9, 10):
            pen.line(curve([(setting.width / 2 + k * 150, floor), (setting.width / 2 + k * 300, 1300)]), wood.darker(0.4), 3)
        pen.fill(polygon([(-EDGE, floor - 8), (setting.width + EDGE, floor - 8), (setting.width + EDGE, floor + 6), (-EDGE, floor + 6)]), wood.paler(0.3), shade=0.0, outline=0.0)
        truss = hexed("#1c1730")
        pen.fill(polygon([(-EDGE, 30), (setting.width + EDGE, 30), (setting.width + EDGE, 62), (-EDGE, 62)]), truss, shade=0.0)

    def beams(pen: Pen, t: float) -> None:
        energy = music.energy(t)
        for k, (share, tone, phase) in enumerate(lamps):
            x = share * setting.width
            swing = 0.42 * math.sin(math.pi * music.bar(t) + 6.28 * phase) * (0.4 + energy)
            band = ("low", "mid", "high", "low")[k % 4]
            power = 0.10 + 0.34 * music.band(band, t) * (0.4 + 0.6 * energy) + 0.08 * music.pulse(t)
            reach = 1020.0
            end = (x + math.sin(swing) * reach, 60 + math.cos(swing) * reach)
            wide = 120.0
            beam = polygon([(x - 9, 66), (x + 9, 66), (end[0] + wide, end[1]), (end[0] - wide, end[1])])
            seen = pen.look.tint(tone) if pen.look.tint else tone
            shader = skia.GradientShader.MakeLinear([skia.Point(x, 60), skia.Point(*end)], [seen.argb(min(0.85, power * 1.7)), seen.argb(0.0)])
            pen.canvas.drawPath(beam, skia.Paint(AntiAlias=True, Shader=shader, BlendMode=skia.BlendMode.kPlus))
            pen.glow(x, 66, 36 + 30 * power, tone, min(1.0, 0.4 + power))

    return [
        Layer(0.0, back, still=True, haze=0.0), Layer(0.25, screen, haze=0.0),
        Layer(0.4, boards, still=True, haze=0.0), Layer(0.62, beams, haze=0.0, glow=True),
    ]  # fmt: skip
